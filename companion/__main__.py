"""Is this machine ready? ``python -m companion`` says so, or what to do."""

import sys

from companion.lab import setup_check

if __name__ == "__main__":
    sys.exit(setup_check.main())
