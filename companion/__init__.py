"""Companion of the book *Many Inputs, One Model*.

An input is a name: ``keras.Input(name=...)`` gives it, the batch carries it
as a dict key, `check` reports by it.
"""

from companion.branches import category_branch, dense_branch, image_branch
from companion.builders import (
    conditional_generator,
    projection_discriminator,
    tabular_augmenter,
)
from companion.columns import Labels, Noise, RandomColumn, StoredColumn
from companion.contract import Spec, check
from companion.errors import (
    ContractError,
    ContractWarning,
    DataError,
    Problem,
)
from companion.gan import ConditionalGAN
from companion.generators import FollowEpoch, MultiInputGenerator
from companion.heads import binary_head, classes_head, number_head
from companion.layers import CrossAttention, FiLM, GatedFusion, fuse
from companion.preparation import adapted
from companion.report import Report

__all__ = [
    "ConditionalGAN",
    "ContractError",
    "ContractWarning",
    "CrossAttention",
    "DataError",
    "FiLM",
    "FollowEpoch",
    "GatedFusion",
    "Labels",
    "MultiInputGenerator",
    "Noise",
    "Problem",
    "RandomColumn",
    "Report",
    "Spec",
    "StoredColumn",
    "adapted",
    "binary_head",
    "category_branch",
    "check",
    "classes_head",
    "conditional_generator",
    "dense_branch",
    "fuse",
    "image_branch",
    "number_head",
    "projection_discriminator",
    "tabular_augmenter",
]
