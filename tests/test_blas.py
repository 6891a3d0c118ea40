"""No search waits for threads of BLAS.

BLAS divides a product of matrices among as many threads as there are cores, and the caller waits for all of them. On a
machine that is busy with hearing and speaking that takes tens of milliseconds where one thread takes a tenth of one.
"""

from __future__ import annotations

import ast
from pathlib import Path

SRC = Path(__file__).parents[1] / "src" / "toldonce"

SMALL = {
    ("embedders/onnx.py", "vector @ vector"),  # of one text
    ("stores/sqlite/scrub.py", "four @ np.array([1 << 24, 1 << 16, 1 << 8, 1])"),  # of whole numbers, not BLAS's
    ("recall/signals.py", "_WORTH[len(self.covered)] @ np.array(self.covered, np.float32)"),  # 256 x 8
}
"""Products of which no size of a store, a query or a text makes one that BLAS divides."""
PRODUCTS = {"dot", "matmul", "tensordot", "inner", "vdot", "kron"}


def products(source: str) -> list[str]:
    """What a module leaves to BLAS."""
    found = []
    for node in ast.walk(ast.parse(source)):
        is_operator = isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PRODUCTS
        if is_operator or is_call:
            found.append(ast.unparse(node))
    return found


def test_products_are_seen() -> None:
    assert products("a = b @ c + np.dot(d, e)") == ["b @ c", "np.dot(d, e)"]


def test_no_product_is_large_enough_to_be_divided() -> None:
    found = {
        (str(file.relative_to(SRC)), one) for file in SRC.rglob("*.py") for one in products(file.read_text("utf-8"))
    }
    assert found == SMALL
