"""``python tests/agreement``: does `check` agree with `fit`?

With names, of these situations alone. ``--pairs 2000`` judges random
pairs of model and data, ``--first 500`` begins with another seed,
and ``--pair 17`` judges one of them again.
"""

import argparse
import sys

import about_batches  # noqa: F401
import about_forms  # noqa: F401
import about_frames  # noqa: F401
import about_image_text  # noqa: F401
import about_inputs  # noqa: F401
import about_late_rows  # noqa: F401
import about_layers  # noqa: F401
import about_losses  # noqa: F401
import about_missing  # noqa: F401
import about_models  # noqa: F401
import about_other_models  # noqa: F401
import about_own_losses  # noqa: F401
import about_sensors  # noqa: F401
import about_streams  # noqa: F401
import about_targets  # noqa: F401
import about_weights  # noqa: F401
from judge import main
from pairs import judged, main_pairs

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("names", nargs="*")
parser.add_argument("--pair", type=int)
parser.add_argument("--pairs", type=int)
parser.add_argument("--first", type=int, default=0)
asked = parser.parse_args()
if asked.pair is not None:
    print(judged(asked.pair)[1])
elif asked.pairs:
    found = main_pairs(asked.pairs, asked.first)
    print(dict(found))
    sys.exit(bool(set(found) - {"agreed", "limit"}))
else:
    sys.exit(bool(main(asked.names)))
