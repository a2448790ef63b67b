"""Draws from the device that a loader makes, by CrossSim's own code, and compares its moments with the exported ones.

    python compare.py CROSSSIM_FOLDER LOADER.py

CROSSSIM_FOLDER holds CrossSim's package `simulator` (3.2.0); numpy and scipy are all that it needs.
"""

import runpy
import sys

import numpy

folder, loader = sys.argv[1:]
sys.path.insert(0, folder)
from simulator import CrossSimParameters  # noqa: E402
from simulator.backend import ComputeBackend  # noqa: E402
from simulator.devices.device import Device  # noqa: E402
from simulator.devices.idevice import EmptyDevice  # noqa: E402

ComputeBackend(use_gpu=False)
loaded = runpy.run_path(loader)
MeasuredDevice = loaded["device_class"](EmptyDevice)
moments, draws = loaded["moments"], 200_000
numpy.random.seed(1)
worst = {"mean": 0.0, "std": 0.0}
top = float(moments["targets"][-1])
for column, time in enumerate(moments["times"]):
    params = CrossSimParameters().xbar.device
    params.Rmin, params.infinite_on_off_ratio, params.time = 1e6 / top, True, float(time)
    for error in (params.programming_error, params.drift_error):
        error.enable, error.model = True, "MeasuredDevice"
    device = Device.create_device(params)
    # In one matrix and in no order, as weights are.
    places = [8, 64, 24, 16, 48, 32, 56, 40]
    targets = numpy.tile(moments["targets"][places] / top, (draws, 1))
    drawn = device.drift_error(targets, float(time))
    for name, value in (("mean", drawn.mean(axis=0)), ("std", drawn.std(axis=0))):
        # A conductance below zero is set to zero, which no model of moments knows: four σ from it, nothing is.
        far = moments["mean"][places, column] > 4 * moments["std"][places, column]
        miss = numpy.abs(top * value / moments[name][places, column] - 1)[far]
        worst[name] = max(worst[name], float(miss.max(initial=0)))
print(f"{loader}: mean within {worst['mean']:.2%}, σ within {worst['std']:.2%}")
if max(worst.values()) > 0.02:
    sys.exit("beyond 2 %")
