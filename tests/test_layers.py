import keras
import pytest

from companion import ContractError, fuse

WIDE, NARROW = keras.Input((64,)), keras.Input((32,))
MAP = keras.Input((8, 8, 64))


@pytest.mark.parametrize(
    ("tensors", "how", "words"),
    [
        ([WIDE], "concatenate", "at least two tensors in a list"),
        (WIDE, "concatenate", "at least two tensors in a list"),
        ([WIDE, NARROW], "sum", "how to be one of concatenate, add.*'sum'"),
        (
            [WIDE, MAP],
            "concatenate",
            r"same number of axes. Received: branch 0: \(None, 64\), "
            r"branch 1: \(None, 8, 8, 64\). .*GlobalMaxPooling2D",
        ),
        ([WIDE, NARROW], "add", "branches of one width.*Dense layer"),
        (
            [MAP, keras.Input((4, 8, 64))],
            "concatenate",
            "differ in the last axis alone.*Pool or reshape",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(tensors, how, words):
    with pytest.raises(ContractError, match=words):
        fuse(tensors, how)


@pytest.mark.parametrize("how", ["add", "average", "multiply"])
def test_other_fusions_keep_the_width(how):
    assert fuse([WIDE, WIDE], how).shape == (None, 64)


def test_an_axis_of_any_length_meets_any_other():
    free, fixed = keras.Input((None, 8)), keras.Input((10, 8))

    assert fuse([free, fixed]).shape[-1] == 16
