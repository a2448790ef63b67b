"""Executes examples/notebook.ipynb in a folder of its own.

notebook.py NOTEBOOK [OUT]    OUT is given the notebook with its new outputs, without metadata of this machine
"""

import sys
import tempfile

import nbformat
from nbclient import NotebookClient

name = sys.argv[1]
notebook = nbformat.read(name, as_version=4)
committed = [len(cell.outputs) > 0 for cell in notebook.cells if cell.cell_type == "code"]
with tempfile.TemporaryDirectory() as folder:
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", coalesce_streams=True)
    client.resources = {"metadata": {"path": folder}}
    client.execute()
for cell in notebook.cells:
    # Times of execution.
    cell.metadata = {}
text = nbformat.writes(notebook)
assert "believe it: True" in text, "the notebook's fit is not to be believed"
assert "the chip is in standby" in text, "the notebook shows no progress"
assert text.count('"image/png"') == 1, "the notebook draws no picture"
kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
if len(sys.argv) > 2:
    nbformat.write(notebook, sys.argv[2])
else:
    drawn = [len(cell.outputs) > 0 for cell in notebook.cells if cell.cell_type == "code"]
    assert drawn == committed, f"{name} was committed with other outputs: write them anew, as docs/python.md says"
print(f"{name}: executed")
