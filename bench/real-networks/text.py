"""A convolutional network that reads lines of text (PP-OCRv4), and lines that are drawn here for it.

    python text.py FOLDER

Writes net.onnx, inputs.npz (the pictures), software.npy (what ONNX Runtime gives) and about.json (what stands on the pictures, and the
network's characters).
"""
import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageDraw, ImageFont

HEIGHT, WIDTH = 48, 320
LINES = (
    "The chip drifts",
    "Read at 1 hour",
    "conductance 12.5",
    "Tile 14 of 64",
    "open the valve",
    "No. 20817-B",
    "phase change",
    "Keep this side up",
    "Invoice 4471",
    "Room 3, floor 2",
    "after one year",
    "Gmax = 25 uS",
    "closed loop",
    "Serial EMU-7",
    "Wafer 12, die 5",
    "programmed twice",
    "Check the cable",
    "30 days later",
    "3.3 V, 250 mA",
    "weights and rows",
    "Mind the step",
    "Platform 9",
    "best before 2031",
    "quick brown fox",
    "lazy dogs sleep",
    "Error 0x0f",
    "Total: 118.40",
    "spare tile found",
    "north entrance",
    "Press to start",
)


def picture(line, seed):
    """A line on a ground that is a little uneven, as a camera sees it."""
    random = np.random.default_rng(seed)
    ground, ink = random.integers(170, 256), random.integers(0, 80)
    image = Image.new("L", (WIDTH, HEIGHT), int(ground))
    font = ImageFont.load_default(size=int(random.integers(26, 33)))
    ImageDraw.Draw(image).text((int(random.integers(4, 14)), int(random.integers(2, 8))), line, font=font, fill=int(ink))
    shade = np.linspace(0, random.uniform(-30, 30), WIDTH)[None]
    grey = np.clip(np.asarray(image, np.float32) + shade + random.normal(size=(HEIGHT, WIDTH)) * 8, 0, 255)
    return np.repeat(((grey / 255 - 0.5) / 0.5)[None], 3, axis=0).astype(np.float32)


def main(folder):
    # Found and not imported: the package itself needs OpenCV.
    package = Path(find_spec("rapidocr_onnxruntime").submodule_search_locations[0])
    shutil.copy(package / "models" / "ch_PP-OCRv4_rec_infer.onnx", folder / "net.onnx")
    session = onnxruntime.InferenceSession(folder / "net.onnx")
    characters = ["", *session.get_modelmeta().custom_metadata_map["character"].splitlines(), " "]
    pictures = np.stack([picture(line, seed) for seed, line in enumerate(LINES)])
    (software,) = session.run(None, {"x": pictures})
    print(f"{len(LINES)} lines, {software.shape[1]} steps of {software.shape[2]} characters each.")
    np.savez(folder / "inputs.npz", x=pictures)
    np.save(folder / "software.npy", software)
    about = {"kind": "lines", "lines": LINES, "characters": characters}
    (folder / "about.json").write_text(json.dumps(about))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
