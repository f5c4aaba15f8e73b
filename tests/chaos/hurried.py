"""`python -m cli` with shorter waits: a dead holder's lease and a dead wire are noticed sooner."""

import sys

from cli.__main__ import main
from runtime import lease
from stories import archive

lease.LASTS_S, lease.RENEW_S = 3.0, 0.6
archive.PROBE_S = 1.0

if __name__ == "__main__":
    sys.exit(main())
