"""``python -m toldonce``: the same as ``toldonce``; the demo starts its sessions this way."""

from toldonce.cli import main

main()
