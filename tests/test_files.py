"""Files as rows: paired, read, refused by name, skipped and packed."""

import errno
import io
import json
import os
import pickle
import threading
import tracemalloc
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import companion.feeding.packing as packing
from companion import (
    ContractWarning,
    DataError,
    FileColumn,
    MultiInputGenerator,
    TableEncoder,
    listed_files,
    open_packed,
    pack,
    pair_files,
)
from companion.feeding.listing import FilePairs
from companion.feeding.readers import MOST_TEXT

N = 12
SENSORS = np.random.default_rng(0).random((N, 4, 3))
VALUES = np.arange(N) * 10.0
PLACES = ["lab", "field", "roof"] * (N // 3)


@pytest.fixture
def folder(tmp_path):
    """Arrays and records of twelve samples, as the second seed has them."""
    for n in range(N):
        np.save(tmp_path / f"sensor_{n}.npy", SENSORS[n])
        record = {"value": float(VALUES[n]), "at": {"place": PLACES[n]}}
        (tmp_path / f"meta_{n}.json").write_text(json.dumps(record))
        literal = {"value": float(VALUES[n]), "place": PLACES[n]}
        (tmp_path / f"meta_{n}.txt").write_text(repr(literal))
    return tmp_path


def pairs_of(folder, **options):
    names = dict(sensor="sensor_{id}.npy", meta="meta_{id}.json")
    return pair_files(folder, **names, **options)


def batches_of(folder, bad="raise", **options):
    pairs = pairs_of(folder)
    return MultiInputGenerator(
        {"sensor": FileColumn.npy(pairs["sensor"], bad=bad)},
        FileColumn.json(pairs["meta"], "value", bad=bad),
        **{"batch_size": 5} | options,
    )


def in_memory(**options):
    return MultiInputGenerator(
        {"sensor": SENSORS}, VALUES, **{"batch_size": 5} | options
    )


# Pairing


def test_files_are_paired_by_id_in_natural_order(folder):
    pairs = pairs_of(folder)

    assert pairs.ids == [str(n) for n in range(N)]  # 2 before 10
    assert pairs["meta"][10] == str(folder / "meta_10.json")
    assert list(pairs["sensor"][2:4]) == [
        str(folder / "sensor_2.npy"),
        str(folder / "sensor_3.npy"),
    ]
    assert repr(pairs) == "FilePairs(12 of sensor, meta)"


@pytest.mark.parametrize(
    ("names", "patterns", "ids"),
    [
        (["7/a.npy", "7/b.npy"], ("{id}/a.npy", "{id}/b.npy"), ["7"]),
        (["a/7.npy", "b/7.npy"], ("a/{id}.npy", "b/{id}.npy"), ["7"]),
        (["x/y/a7", "z/b7"], ("**/a{id}", "**/b{id}"), ["7"]),
        (["a7", "x/b7"], ("**/a{id}", "*/b{id}"), ["7"]),
        (["a 1.é", "b 1.é"], ("a {id}.é", "b {id}.é"), ["1"]),
        (["a.+(1)", "b.+(1)"], ("a.+({id})", "b.+({id})"), ["1"]),
        (["a²", "b²", "a10", "b10"], ("a{id}", "b{id}"), ["10", "²"]),
        (["a1x", "b1x", "a1", "b1"], ("a{id}x", "b{id}x"), ["1"]),
    ],
)
def test_names_and_folders_of_any_kind(tmp_path, names, patterns, ids):
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    pairs = pair_files(tmp_path, a=patterns[0], b=patterns[1])

    assert pairs.ids == ids
    assert all(Path(path).is_file() for path in pairs["a"])
    assert all(Path(path).is_file() for path in pairs["b"])


def test_files_without_a_partner_are_told_or_listed(folder):
    for n in (3, 5, 7, 9):
        (folder / f"meta_{n}.json").unlink()
    (folder / "sensor_5.npy").unlink()
    (folder / "notes.npy").touch()

    with pytest.raises(DataError, match="3 files without a partner: sens"):
        pairs_of(folder)
    pairs = pairs_of(folder, unpaired="skip")

    assert pairs.ids == [str(n) for n in range(N) if n not in (3, 5, 7, 9)]
    assert pairs.left_out == [f"sensor_{n}.npy" for n in (3, 7, 9)]


def linked(folder):
    (folder / "other").mkdir()
    outside = folder.parent / "outside.npy"
    np.save(outside, SENSORS[0])
    (folder / "sensor_0.npy").unlink()
    (folder / "sensor_0.npy").symlink_to(outside)


def looping(folder):
    (folder / "sensor_0.npy").unlink()
    (folder / "sensor_0.npy").symlink_to(folder / "sensor_0.npy")


def emptied(folder):
    for path in folder.iterdir():
        path.unlink()


def removed(folder):
    emptied(folder)
    folder.rmdir()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (linked, "links that stay in the folder.*leaving it: sensor_0.npy"),
        (looping, "expected files. Received: none behind sensor_0.npy"),
        (emptied, "files for each part.*none for sensor"),
        (removed, "expected a folder"),
    ],
)
def test_what_cannot_be_paired_is_told(folder, change, words):
    change(folder)

    with pytest.raises(DataError, match=words):
        pairs_of(folder)


def test_a_folder_that_leads_back_to_itself_is_not_followed(folder):
    (folder / "again").symlink_to(folder)

    pairs = pair_files(
        folder, sensor="**/sensor_{id}.npy", meta="**/meta_{id}.json"
    )

    assert len(pairs) == N


def test_an_id_that_comes_twice_is_told(folder):
    (folder / "copy").mkdir()
    np.save(folder / "copy/sensor_3.npy", SENSORS[3])

    with pytest.raises(DataError, match="each sensor once.*twice 3"):
        pair_files(
            folder, sensor="**/sensor_{id}.npy", meta="meta_{id}.json"
        )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "a pattern for each part"),
        ({"a": "x.npy"}, "one {id} in each pattern.*not in a"),
        ({"a": "{id}_{id}.npy"}, "one {id} in each pattern"),
        ({"a": "{id}.npy", "unpaired": "drop"}, "unpaired to be one of"),
    ],
)
def test_a_pattern_that_makes_no_sense_is_refused(folder, options, words):
    with pytest.raises(DataError, match=words):
        pair_files(folder, **options)


def test_a_manifest_comes_back_also_with_rows_taken_out(folder):
    pairs = pairs_of(folder)
    pairs.to_csv(folder / "all.csv")
    table = pd.read_csv(folder / "all.csv", dtype="str")
    table.iloc[[10, 2]].to_csv(folder / "some.csv", index=False)

    again = FilePairs.from_csv(folder, folder / "all.csv")
    some = FilePairs.from_csv(folder, folder / "some.csv")

    assert again.ids == pairs.ids
    assert list(again["meta"]) == list(pairs["meta"])
    assert some.ids == ["10", "2"]
    assert FileColumn.json(some["meta"], "value").read().tolist() == [
        100,
        20,
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "an id and a file in each row"),
        ("id\n3\n", "an id and a file in each row"),
        ("id,meta\n3,../x.json\n", "names within the folder.*also ../x"),
        ("id,meta\n3,/etc/passwd\n", "names within the folder.*also /etc"),
        ("id,meta\n3,gone.json\n", "no file gone.json"),
        ("id,meta\n3,\n", "a text under meta"),
        ("id,meta\n,meta_3.json\n", "an id in each row"),
        ("id,meta\n3,meta_3.json\n3,meta_4.json\n", "an id once.*twice 3"),
        ("id,meta\n3,meta_3.json,more\n", "more in line"),
    ],
)
def test_a_manifest_that_was_changed_is_looked_at(folder, text, words):
    (folder / "manifest.csv").write_text(text)

    with pytest.raises(DataError, match=words):
        FilePairs.from_csv(folder, folder / "manifest.csv")


@pytest.mark.slow
def test_a_million_samples_are_paired_with_little_memory(monkeypatch):
    """A tenth of them here, so that the test is quick."""
    count = 100_000

    class Entry:
        path = __file__

        def is_symlink(self):
            return False

    def names(root):
        for n in range(count):
            yield f"sensor_{n}.npy", Entry()
            yield f"meta_{n}.json", Entry()

    monkeypatch.setattr("companion.feeding.listing._walk", names)
    tracemalloc.start()
    pairs = pairs_of("/tmp")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(pairs) == count and pairs.ids[-1] == str(count - 1)
    assert kept < 150 * count  # bytes


# A CSV and a folder


def test_a_table_names_files_and_the_folder_has_them(folder):
    table = pd.DataFrame({"file": [f"sensor_{n}.npy" for n in range(N)]})

    paths = listed_files(folder, table["file"])

    np.testing.assert_array_equal(
        FileColumn.npy(paths).read(), SENSORS.astype("float32")
    )


def test_files_that_no_row_names_are_told(folder):
    names = [f"sensor_{n}.npy" for n in range(1, N)]

    with pytest.warns(ContractWarning, match="none for sensor_0.npy"):
        listed_files(folder, names)
    with pytest.raises(DataError, match="none for sensor_0.npy"):
        listed_files(folder, names, only=True)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "expected names"),
        (["sensor_0.npy", None], "none in row 1"),
        (["sensor_0.npy", float("nan")], "none in row 1"),
        (["../sensor_0.npy"], "names within the folder"),
        (["x/../../sensor_0.npy"], "names within the folder"),
        (["gone.npy"], "no file gone.npy"),
    ],
)
def test_a_table_with_other_names_is_refused(folder, names, words):
    with pytest.raises(DataError, match=words):
        listed_files(folder, names)


# Reading


@pytest.mark.parametrize("shuffle", [False, True])
def test_the_numbers_are_those_in_memory_to_the_bit(folder, shuffle):
    files = batches_of(folder, shuffle=shuffle, seed=1)
    arrays = in_memory(shuffle=shuffle, seed=1)

    for one, other in zip(
        files.iterate(epochs=2), arrays.iterate(epochs=2), strict=True
    ):
        np.testing.assert_array_equal(one[0]["sensor"], other[0]["sensor"])
        np.testing.assert_array_equal(one[1], other[1])
        assert one[0]["sensor"].dtype == one[1].dtype == "float32"


@pytest.mark.parametrize("make", [FileColumn.json, FileColumn.literal])
def test_fields_of_records_are_read(folder, make):
    kind = "json" if make == FileColumn.json else "txt"
    paths = [folder / f"meta_{n}.{kind}" for n in range(N)]
    field = ["at", "place"] if kind == "json" else "place"

    values, places = make(paths, "value"), make(paths, field, "str")

    assert values.take(np.array([3, 0])).tolist() == [30, 0]
    assert places.read().tolist() == PLACES
    assert make(paths, "value", "int32").read().dtype == "int32"


def test_categories_learn_from_training_files(folder):
    pairs = pairs_of(folder)
    places = FileColumn.json(pairs["meta"], ["at", "place"], "str").read()
    encoder = TableEncoder(categories=["place"])

    encoder.adapt({"place": places[:2]})  # no roof there

    ids = encoder({"place": places})["place"]
    assert ids[:3].tolist()[2] == 1 and set(ids.tolist()) == {1, 2, 3}


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(SENSORS[0]),
        SENSORS[0].astype(">f8"),
        SENSORS[0].astype("float16"),
        (SENSORS[0] * 100).astype("uint8"),
        SENSORS[0] > 0.5,
        np.float64(3.5),
        np.zeros((2, 0)),
    ],
    ids=["Fortran", "big-endian", "half", "bytes", "truth", "one", "none"],
)
def test_arrays_of_any_order_and_type_are_read(tmp_path, array):
    paths = [tmp_path / "a.npy", tmp_path / "b.npy"]
    for path in paths:
        np.save(path, array)
    column = FileColumn.npy(paths)

    taken = column.take(np.array([1, 0, 1]))

    assert taken.shape == (3, *array.shape)
    np.testing.assert_array_equal(taken[0], array.astype(taken.dtype))
    assert taken.dtype in ("float32", "uint8", "bool")
    assert taken.dtype.isnative


def test_a_large_file_is_read_whole(tmp_path):
    array = np.arange(100_000.0)
    np.save(tmp_path / "a.npy", array)

    column = FileColumn.npy([tmp_path / "a.npy"])

    np.testing.assert_array_equal(column.take(np.array([0]))[0], array)


@pytest.mark.parametrize("threads", [1, 3])
def test_any_function_of_a_path_reads(folder, threads):
    seen = set()

    def first(path):
        seen.add(threading.get_ident())
        return np.load(path)[0]

    paths = [folder / f"sensor_{n}.npy" for n in range(N)]
    column = FileColumn(paths, first, threads=threads)

    taken = column.take(np.arange(N)[::-1])

    np.testing.assert_array_equal(taken, SENSORS[::-1, 0].astype("float32"))
    assert (len(seen) > 1) == (threads > 1)


def test_a_column_with_threads_is_sent_to_a_process(folder):
    paths = [folder / f"sensor_{n}.npy" for n in range(N)]
    column = FileColumn(paths, np.load, threads=2)

    before = column.take(np.arange(3))  # begins the threads
    again = pickle.loads(pickle.dumps(column)).take(np.arange(3))

    np.testing.assert_array_equal(before, again)


# Bad files: every one of these, alone, in place of the fourth


def array_of(values, **options):
    file = io.BytesIO()
    np.save(file, values, **options)
    return file.getvalue()


GOOD = array_of(SENSORS[0])
CODE = "{'value': __import__('os').system('touch was_run')}"


def lying(shape):
    return GOOD.replace(b"(4, 3)", shape, 1)


class Runs:
    def __reduce__(self):
        return os.system, ("touch was_run",)


BAD_ARRAYS = {
    "truncated": (GOOD[:-7], "89 bytes for"),
    "longer": (GOOD + b"1234", "100 bytes for"),
    "empty": (b"", "ValueError"),
    "half a header": (GOOD[:40], "ValueError"),
    "text": (b"1.0, 2.0", "ValueError"),
    "pickled": (pickle.dumps(Runs()), "ValueError"),
    "objects": (array_of(np.array([Runs()]), allow_pickle=True), "object"),
    "another shape": (array_of(SENSORS[0][:3]), r"\(3, 3\), others have"),
    "another type": (array_of(np.ones((4, 3), "int32")), "int32.*float32"),
    "complex": (array_of(np.ones((4, 3), complex)), "its type is complex"),
    "texts": (array_of(np.full((4, 3), "a")), "its type is <U1"),
    "structured": (array_of(np.zeros(4, [("a", "f8")])), "its type is"),
    "dates": (array_of(np.zeros((4, 3), "M8[s]")), "its type is datetime"),
    "NaN": (array_of(np.full((4, 3), np.nan)), "NaN or infinity"),
    "infinity": (array_of(np.full((4, 3), np.inf)), "NaN or infinity"),
    "too large a size": (lying(b"(9, 9)"), "96 bytes for"),
    "an enormous size": (lying(b"(9" + b"9" * 14 + b",)"), "bytes for"),
    "a size below 0": (lying(b"(-4,-3)"), "96 bytes for|ValueError"),
    "code for a size": (lying(b"f(3,3)"), "ValueError"),
    "a version to come": (b"\x93NUMPY\x09" + GOOD[7:], "version"),
}
BAD_RECORDS = {
    "empty": (b"", "Error"),
    "half": (b'{"value": 3', "JSONDecodeError"),
    "no record": (b"[1, 2]", "there is no 'value'"),
    "another field": (b'{"other": 3}', "there is no 'value'"),
    "a text": (b'{"value": "3"}', "its type is"),
    "null": (b'{"value": null}', "its type is"),
    "a list": (b'{"value": [3, 4]}', r"\(2,\), others have float32 \(\)"),
    "uneven lists": (b'{"value": [[3], [4, 5]]}', "ValueError"),
    "NaN": (b'{"value": NaN}', "NaN or infinity"),
    "a key twice": (b'{"value": 3, "value": 4}', "a key comes twice"),
    "Latin letters": ('{"value": 3, "é": 1}'.encode("latin1"), "Unicode"),
    "deeply nested": (b"[" * 100_000, "RecursionError"),
    "huge": (b" " * (MOST_TEXT + 1) + b'{"value": 3}', "more than"),
    "a number too large": (b'{"value": 1e999}', "NaN or infinity"),
}


def put(path, content):
    path.unlink()
    path.write_bytes(content)


def told_of(column, path, words):
    """The error of a batch with a bad file: one line that names it."""
    with pytest.raises(DataError, match=words) as caught:
        column.take(np.arange(5))
    (problem,) = caught.value.problems
    assert problem.where == str(path)
    assert "\n" not in str(problem) and len(str(problem)) < 400


def skips(make, path, words):
    """The same file, left out and listed."""
    column = make(bad="skip")
    assert list(column.bad_files) == [3]
    batches = MultiInputGenerator(
        {"id": np.arange(N), "x": column}, batch_size=4
    )
    fed = np.concatenate([batch[0]["id"] for batch in batches])
    assert fed.tolist() == [n for n in range(N) if n != 3]
    assert [len(batch[0]["id"]) for batch in batches] == [4, 4, 3]
    assert batches.report()["skipped"] == 1
    (told,) = batches.bad_files.values()
    assert told.startswith(f'input "x", {path}: ')


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_a_bad_array_is_named_or_skipped(folder, name, monkeypatch):
    monkeypatch.chdir(folder)
    content, words = BAD_ARRAYS[name]
    paths = [folder / f"sensor_{n}.npy" for n in range(N)]
    put(paths[3], content)

    told_of(FileColumn.npy(paths), paths[3], words)
    skips(lambda **bad: FileColumn.npy(paths, **bad), paths[3], words)
    assert not (folder / "was_run").exists()


@pytest.mark.parametrize("name", BAD_RECORDS)
def test_a_bad_record_is_named_or_skipped(folder, name):
    content, words = BAD_RECORDS[name]
    paths = [folder / f"meta_{n}.json" for n in range(N)]
    put(paths[3], content)

    told_of(FileColumn.json(paths, "value"), paths[3], words)
    skips(lambda **x: FileColumn.json(paths, "value", **x), paths[3], words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CODE, "ValueError"),
        ("{'value': 9**9**9}", "ValueError"),
        ("{'value': open('was_run', 'w')}", "ValueError"),
        ("[" * 5000, "Error"),
        ("{'value': 3", "SyntaxError"),
        ("{'other': 3}", "there is no 'value'"),
    ],
)
def test_nothing_in_a_literal_is_run(folder, monkeypatch, text, words):
    monkeypatch.chdir(folder)
    paths = [folder / f"meta_{n}.txt" for n in range(N)]
    put(paths[3], text.encode())

    told_of(FileColumn.literal(paths, "value"), paths[3], words)

    with pytest.raises(DataError, match="json.dump"):
        FileColumn.literal(paths[3:], "value")
    assert not (folder / "was_run").exists()


def gone(path):
    path.unlink()


def a_folder(path):
    path.unlink()
    path.mkdir()


def a_pipe(path):
    path.unlink()
    os.mkfifo(path)


def a_device(path):
    path.unlink()
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (gone, "FileNotFoundError"),
        (a_folder, "IsADirectoryError"),
        (a_pipe, "Error"),  # it would wait for ever
        (a_device, "more than"),  # it would never end
    ],
)
@pytest.mark.parametrize("kind", ["sensor_{}.npy", "meta_{}.json"])
def test_a_path_that_changed_after_pairing_is_told(
    folder, change, words, kind
):
    paths = [folder / kind.format(n) for n in range(N)]
    if "json" in kind:
        column = FileColumn.json(paths, "value")
    else:
        column = FileColumn.npy(paths)
    change(paths[3])

    told_of(column, paths[3], words)


@pytest.mark.skipif(os.geteuid() == 0, reason="may read everything")
def test_a_file_without_permission_is_told(folder):
    paths = [folder / f"sensor_{n}.npy" for n in range(N)]
    column = FileColumn.npy(paths)
    paths[3].chmod(0)

    told_of(column, paths[3], "PermissionError")


def test_images_that_are_bad_are_skipped(tmp_path):
    paths = [tmp_path / f"{n}.png" for n in range(N)]
    for n, path in enumerate(paths):
        Image.new("L", (4, 6), n).save(path)
    Image.new("L", (5, 6)).save(paths[3])

    skips(
        lambda **bad: FileColumn.image(paths, (6, 4, 1), **bad),
        paths[3],
        "",
    )


def test_a_whole_number_is_not_made_of_a_fraction(folder):
    paths = [folder / f"meta_{n}.json" for n in range(N)]
    put(paths[3], b'{"value": 3.5}')

    column = FileColumn.json(paths, "value", "int32")

    told_of(column, paths[3], "a number that int32 does not have")


def test_the_shape_of_most_files_decides_what_is_skipped(folder):
    paths = [folder / f"sensor_{n}.npy" for n in range(N)]
    for n in (0, 1):
        np.save(paths[n], np.zeros((9, 9)))

    column = FileColumn.npy(paths, bad="skip")

    assert list(column.bad_files) == [0, 1]
    assert column.take(np.array([2])).shape == (1, 4, 3)


def test_nothing_but_bad_files_is_an_error(folder):
    paths = [folder / f"meta_{n}.json" for n in range(N)]

    with pytest.raises(DataError, match="and no other can be read"):
        FileColumn.npy(paths, bad="skip")


def test_gaps_are_read_where_they_are_allowed(folder):
    path = folder / "sensor_3.npy"
    np.save(path, np.full((4, 3), np.nan))

    assert np.isnan(FileColumn.npy([path], allow_nan=True).read()).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bad": "zero"}, "bad to be one of raise, skip"),
        ({"threads": 0}, "threads"),
        ({"reader": "npy"}, "a reader. Received: str"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(folder, options, words):
    paths = [folder / "sensor_0.npy"]

    with pytest.raises(DataError, match=words):
        FileColumn(paths, **{"reader": np.load} | options)


def test_bad_rows_leave_every_part_of_every_shard(folder):
    put(folder / "sensor_3.npy", b"")
    put(folder / "meta_8.json", b"")
    batches = batches_of(
        folder, "skip", shuffle=True, seed=0, rows=np.arange(2, N)
    )

    fed = np.concatenate([batch[1] for batch in batches])

    kept = [n for n in range(2, N) if n not in (3, 8)]
    assert sorted(fed / 10) == kept
    assert sorted(batches.bad_files) == [3, 8]
    assert len(batches.in_order().rows(0)) == 5


# Training


def model():
    keras.utils.set_random_seed(0)
    sensor = keras.Input((4, 3), name="sensor")
    flat = keras.layers.Flatten()(sensor)
    made = keras.Model([sensor], keras.layers.Dense(1)(flat))
    made.compile("adam", "mse")
    return made


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 1, 4])
def test_losses_are_those_in_memory_to_the_bit(folder, workers):
    options = dict(shuffle=True, seed=1, workers=workers)

    files = model().fit(
        batches_of(folder, **options), epochs=3, shuffle=False, verbose=0
    )
    arrays = model().fit(
        in_memory(**options), epochs=3, shuffle=False, verbose=0
    )

    assert files.history == arrays.history


# Packing


def test_packed_rows_are_those_of_the_files(folder):
    batches = batches_of(folder, shuffle=True, seed=1)

    place = pack(batches, folder / "packed")
    parts = open_packed(place, source=batches, verify=True)
    packed = MultiInputGenerator(
        **parts, batch_size=5, shuffle=True, seed=1
    )

    assert isinstance(parts["inputs"]["sensor"], np.memmap)
    for one, other in zip(batches.iterate(), packed.iterate(), strict=True):
        np.testing.assert_array_equal(one[0]["sensor"], other[0]["sensor"])
        np.testing.assert_array_equal(one[1], other[1])


def test_names_of_any_kind_and_several_targets_are_packed(tmp_path):
    given = {
        "inputs": {"a/b": VALUES, "..": SENSORS},
        "targets": {"y": VALUES.astype("int32"), "z": VALUES},
        "sample_weights": {"y": VALUES, "z": VALUES},
    }

    parts = open_packed(pack(MultiInputGenerator(**given), tmp_path / "p"))

    assert [*parts] == [*given]
    for part, columns in given.items():
        assert [*parts[part]] == [*columns]
        for name, values in columns.items():
            np.testing.assert_array_equal(
                parts[part][name], values.astype(parts[part][name].dtype)
            )


def test_skipped_rows_are_not_packed(folder):
    put(folder / "sensor_3.npy", b"")

    parts = open_packed(pack(batches_of(folder, "skip"), folder / "packed"))

    assert len(parts["targets"]) == N - 1


def full_disk(folder, monkeypatch):
    def tobytes(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(packing.zlib, "crc32", tobytes)


def stopped(folder, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(packing.zlib, "crc32", stop)


def bad_file(folder, monkeypatch):
    (folder / "sensor_11.npy").write_bytes(b"")


@pytest.mark.parametrize(
    ("trouble", "error", "words"),
    [
        (full_disk, DataError, "No space left on device.*Nothing was kept"),
        (stopped, KeyboardInterrupt, None),
        (bad_file, DataError, "sensor_11.npy"),
    ],
)
def test_what_was_interrupted_does_not_look_whole(
    folder, monkeypatch, trouble, error, words
):
    batches = batches_of(folder)
    with monkeypatch.context() as patched:
        trouble(folder, patched)
        with pytest.raises(error, match=words):
            pack(batches, folder / "packed")

    assert not list(folder.glob("packed*"))


def test_what_a_killed_process_left_is_no_package_and_goes(folder):
    partial = folder / "packed.partial"
    partial.mkdir()
    (partial / "inputs_0.npy").write_bytes(GOOD)

    with pytest.raises(DataError, match="no manifest.json"):
        open_packed(partial)
    pack(batches_of(folder), folder / "packed")

    assert not partial.exists()
    with pytest.raises(DataError, match="a folder that is not there"):
        pack(batches_of(folder), folder / "packed")


def cut(place):
    path = place / "inputs_0.npy"
    path.write_bytes(path.read_bytes()[:-4])


def changed(place):
    path = place / "inputs_0.npy"
    path.write_bytes(path.read_bytes()[:-4] + b"1234")


def lost(place):
    (place / "targets_1.npy").unlink()


def no_manifest(place):
    (place / "manifest.json").write_text("{")


def newer(place):
    (place / "manifest.json").write_text('{"version": 9}')


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cut, "inputs_0.npy"),
        (changed, "the bytes that were written"),
        (lost, "targets_1.npy.*FileNotFoundError"),
        (no_manifest, "no manifest.json that can be read"),
        (newer, "expected version 1. Received: version 9"),
    ],
)
def test_a_package_that_changed_is_noticed(folder, change, words):
    place = pack(batches_of(folder), folder / "packed")
    change(place)

    with pytest.raises(DataError, match=words):
        open_packed(place, verify=True)


def test_files_that_changed_after_packing_are_noticed(folder):
    place = pack(batches_of(folder), folder / "packed")
    np.save(folder / "sensor_3.npy", SENSORS[0])

    with pytest.raises(DataError, match='others now for input "sensor"'):
        open_packed(place, source=batches_of(folder))


def test_what_belongs_to_training_is_not_packed(folder):
    batches = batches_of(folder, transforms=[lambda x, rng: x], seed=0)

    with pytest.raises(DataError, match="rows as they are"):
        pack(batches, folder / "packed")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda x: listed_files(x / "no", ["a.png"]), "a folder.*none at"),
        (lambda x: listed_files(x, "a.png"), "list of names.*one text"),
        (lambda x: pack({"x": np.ones(3)}, x / "p"), "a MultiInputGener"),
        (lambda x: FileColumn(iter(["a"]), np.load), "a list of paths"),
        (lambda x: FileColumn([__file__], lambda p: None), "NoneType"),
        (lambda x: FileColumn([__file__], lambda p: {}), "gives dict"),
        (lambda x: FileColumn.npy([__file__]), "not those of a .npy file"),
    ],
)
def test_what_is_given_in_place_of_files_is_told(tmp_path, ask, words):
    with pytest.raises(DataError, match=words):
        ask(tmp_path)


def test_a_part_that_pairs_do_not_have_is_told(folder):
    pairs = pair_files(folder, sensor="sensor_{id}.npy")

    with pytest.raises(DataError, match="one of sensor.*part='meta'"):
        pairs["meta"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,sensor\n1,sensor_1.npy\n\n,sensor_2.npy", "none in line 4"),
        ("id;sensor\n1;sensor_1.npy", "the columns id;sensor"),
        ("id,sensor\n", "no row"),
        ("id,sensor\n1,sensor_1.npy\n1,sensor_2.npy", "an id once"),
    ],
)
def test_a_line_of_a_manifest_is_named(folder, text, words):
    path = folder / "pairs.csv"
    path.write_text(text)

    with pytest.raises(DataError, match=words):
        FilePairs.from_csv(folder, path)
