"""``python -m toldonce.cli``: the same as ``toldonce``; the demo starts its sessions this way."""

from . import main

main()
