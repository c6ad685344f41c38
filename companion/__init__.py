"""Companion of the book *Many Inputs, One Model*.

An input is a name: ``keras.Input(name=...)`` gives it, the batch carries it
as a dict key, `check` reports by it.
"""

try:
    import keras  # noqa: F401
except (ImportError, ValueError) as error:
    # Under its own name `python -m companion` prints it, and no traceback.
    fix = "Install what is missing, or set KERAS_BACKEND=tensorflow."
    raise ImportError(
        f"Keras does not start. Received: {error}. {fix}", name=__name__
    ) from error

from companion.building.branches import (
    category_branch,
    dense_branch,
    image_branch,
    text_branch,
)
from companion.building.editing import image_text_to_image
from companion.building.fusion import (
    CrossAttention,
    FiLM,
    GatedFusion,
    fuse,
)
from companion.building.gan import ConditionalGAN
from companion.building.heads import binary_head, classes_head, number_head
from companion.building.masked import ReplaceMissing, masked_fusion
from companion.building.models import (
    conditional_generator,
    image_text_classifier,
    projection_discriminator,
    tabular_augmenter,
)
from companion.building.sequences import (
    draw_futures,
    gaussian_loss,
    sensor_fusion,
    sequence_branch,
    step_before,
)
from companion.checking.contract import check
from companion.errors import ContractError, ContractWarning, DataError
from companion.feeding.columns import Labels, Noise
from companion.feeding.files import FileColumn
from companion.feeding.generators import MultiInputGenerator
from companion.feeding.images import PairedAugmentation, Pixels
from companion.feeding.listing import (
    captioned_images,
    listed_files,
    pair_files,
)
from companion.feeding.missing import (
    ModalityDropout,
    presence,
    with_presence,
)
from companion.feeding.order import Blocks
from companion.feeding.packing import open_packed, pack
from companion.feeding.preparation import adapted
from companion.feeding.splitting import split_rows
from companion.feeding.streams import FollowEpoch
from companion.feeding.tables import TableEncoder
from companion.feeding.text import PaddedText
from companion.feeding.windows import cut_windows
from companion.rules import Spec

__all__ = [
    "Blocks",
    "ConditionalGAN",
    "ContractError",
    "ContractWarning",
    "CrossAttention",
    "DataError",
    "FiLM",
    "FileColumn",
    "FollowEpoch",
    "GatedFusion",
    "Labels",
    "ModalityDropout",
    "MultiInputGenerator",
    "Noise",
    "PaddedText",
    "PairedAugmentation",
    "Pixels",
    "ReplaceMissing",
    "Spec",
    "TableEncoder",
    "adapted",
    "binary_head",
    "captioned_images",
    "category_branch",
    "check",
    "classes_head",
    "conditional_generator",
    "cut_windows",
    "dense_branch",
    "draw_futures",
    "fuse",
    "gaussian_loss",
    "image_branch",
    "image_text_classifier",
    "image_text_to_image",
    "listed_files",
    "masked_fusion",
    "number_head",
    "open_packed",
    "pack",
    "pair_files",
    "presence",
    "projection_discriminator",
    "sensor_fusion",
    "sequence_branch",
    "split_rows",
    "step_before",
    "tabular_augmenter",
    "text_branch",
    "with_presence",
]
