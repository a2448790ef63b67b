"""Draws from the noise model that a loader makes, and compares its moments with those of mho.

    python compare.py LOADER.py MOMENTS.npz

MOMENTS.npz is what `mho export MODEL --to crosssim` writes: `targets`, `times`, `mean` and `std`, in µS and s.
"""

import runpy
import sys

import numpy
import torch
import warnings

warnings.simplefilter("ignore")

loader, moments = sys.argv[1:]
loaded = runpy.run_path(loader)
noise_model, times = loaded["noise_model"], loaded["t_inference_list"]
expected = numpy.load(moments)
torch.manual_seed(1)
draws = 400_000
g_min, g_max = float(expected["targets"][0]), float(expected["targets"][-1])
worst = {"mean": 0.0, "std": 0.0}
for eighth in range(1, 9):
    target = g_min + (g_max - g_min) * eighth / 8
    for time in times:
        column = list(expected["times"]).index(time)
        g_target = torch.full((draws,), target)
        programmed = noise_model.apply_programming_noise_to_conductance(g_target.clone())
        drift = noise_model.generate_drift_coefficients(g_target.clone())
        drawn = noise_model.apply_drift_noise_to_conductance(programmed, drift, time).double()
        for name, value in (("mean", drawn.mean()), ("std", drawn.std())):
            wanted = numpy.interp(target, expected["targets"], expected[name][:, column])
            worst[name] = max(worst[name], abs(float(value) / wanted - 1))
print(f"{type(noise_model).__name__:30} mean within {worst['mean']:.2%}, σ within {worst['std']:.2%}")
for name, value in worst.items():
    if value > 0.02:
        sys.exit(f"{name} beyond 2 %")
