"""A recurrent network that detects speech (Silero VAD, 16 kHz), and clips that are made here for it.

    python speech.py FOLDER

Writes net.onnx, inputs.npz (the network's sequence and the two states that it begins with, an entry a clip), software.npy (what ONNX
Runtime gives) and about.json. The clips are synthetic: voiced syllables with moving formants and hissed consonants, pauses, and noise.
"""
import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime

RATE = 16_000
CLIPS = 24
SECONDS = 4
# Of each step: 64 samples of the one before, and 512 of its own.
CONTEXT, STEP = 64, 512
# Hz, of six vowels.
FORMANTS = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410), (660, 1720, 2410)]
BANDWIDTHS = (80, 110, 170)
STRENGTHS = (1, 0.6, 0.25)


def syllable(random, pitch, length):
    """Harmonics of a voice, shaped by formants that move from one vowel to another."""
    begin, end = (FORMANTS[random.integers(len(FORMANTS))] for _ in range(2))
    seconds = np.arange(length) / RATE
    course = pitch * (1 + 0.15 * np.sin(2 * np.pi * (2.5 * seconds + random.random())) - 0.5 * seconds)
    phase = 2 * np.pi * np.cumsum(course) / RATE
    sound = np.zeros(length)
    for harmonic in range(1, int(7000 / pitch)):
        size = sum(
            strength / (1 + ((harmonic * course - np.linspace(a, b, length)) / bandwidth) ** 2)
            for a, b, bandwidth, strength in zip(begin, end, BANDWIDTHS, STRENGTHS)
        )
        sound += size * np.sin(harmonic * phase) / harmonic**0.3
    place = np.arange(length)
    return sound * np.minimum(1, np.minimum(place / (0.02 * RATE), place[::-1] / (0.04 * RATE)))


def clip(seed):
    random = np.random.default_rng(seed)
    sound = np.zeros(SECONDS * RATE)
    pitch = random.uniform(90, 220)
    at = int(random.uniform(0.2, 0.6) * RATE)
    while at < len(sound):
        for _ in range(random.integers(3, 9)):
            hiss, voiced = (int(random.uniform(*range_) * RATE) for range_ in ((0.03, 0.09), (0.1, 0.25)))
            if at + hiss + voiced > len(sound):
                break
            sound[at : at + hiss] += 0.15 * np.diff(random.normal(size=hiss + 1)) * np.hanning(hiss)
            at += hiss
            sound[at : at + voiced] += syllable(random, pitch, voiced) * random.uniform(0.5, 1)
            at += voiced
        at += int(random.uniform(0.4, 1) * RATE)
    sound *= 0.5 / np.abs(sound).max()
    return (sound + random.normal(size=len(sound)) * random.choice([0.002, 0.01, 0.03])).astype(np.float32)


def steps_of(sound):
    count = len(sound) // STEP
    padded = np.concatenate([np.zeros(CONTEXT, np.float32), sound])
    return np.stack([padded[k * STEP : (k + 1) * STEP + CONTEXT] for k in range(count)])


def main(folder):
    # Found and not imported: the package itself needs torch.
    package = Path(find_spec("silero_vad").submodule_search_locations[0])
    shutil.copy(package / "data" / "silero_vad_16k_sequence.onnx", folder / "net.onnx")
    session = onnxruntime.InferenceSession(folder / "net.onnx")
    state = np.zeros((CLIPS, 1, 1, 128), np.float32)
    inputs = {"input": np.stack([steps_of(clip(seed)) for seed in range(CLIPS)]), "h": state, "c": state}
    software = np.stack(
        [session.run(None, {name: array[k] for name, array in inputs.items()})[0] for k in range(CLIPS)]
    )
    share = (software > 0.5).mean()
    print(f"{CLIPS} clips of {SECONDS} s; the network hears speech in {100 * share:.0f} % of the steps.")
    np.savez(folder / "inputs.npz", **inputs)
    np.save(folder / "software.npy", software)
    (folder / "about.json").write_text(json.dumps({"kind": "decisions", "threshold": 0.5}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
