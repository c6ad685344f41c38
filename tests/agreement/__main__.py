"""``python tests/agreement [NAME ...]``: does `check` agree with `fit`?"""

import sys

import about_batches  # noqa: F401
import about_forms  # noqa: F401
import about_frames  # noqa: F401
import about_inputs  # noqa: F401
import about_layers  # noqa: F401
import about_losses  # noqa: F401
import about_models  # noqa: F401
import about_other_models  # noqa: F401
import about_streams  # noqa: F401
import about_targets  # noqa: F401
import about_weights  # noqa: F401
from judge import main

sys.exit(bool(main(sys.argv[1:])))
