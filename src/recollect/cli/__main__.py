"""``python -m recollect.cli``: the same as ``recollect``; the demo starts its sessions this way."""

from . import main

main()
