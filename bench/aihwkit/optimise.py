"""Runs aihwkit's own optimiser on the weights of a strategy of mho's, and judges both by aihwkit's noise model.

    python optimise.py WEIGHTS.npy STRATEGY.json SECONDS_OF_MHO SECONDS_AT_MOST

The optimiser is `WeightProgrammingOptimizer` of aihwkit 1.2.0 with the settings that come with it: two pairs of which the second factor is
found, curves of six points, differential evolution with a hundred trials a parameter. It tries on a layer with as many inputs as that of the
weights. Two things differ: it does not stop an eighth below the dual pair 1 : 3, but goes on until it improves no more or SECONDS_AT_MOST
are over, and it is told so at the end of a generation. What it has found by then is printed as it goes. The judge draws every device 40 times: programmed, drifted, read once; α is fitted to each draw by least squares, which
favours aihwkit's strategy, whose own rule is the mean absolute output.
"""

import json
import sys
import time
import warnings

import numpy
import torch
from aihwkit.inference import PCMLikeNoiseModel, GlobalDriftCompensation
from aihwkit.inference.converter.conductance import DualPairConductanceConverter
from aihwkit.inference.converter.wpo import WeightProgrammingOptimizer
from aihwkit.simulator.configs import InferenceRPUConfig

warnings.simplefilter("ignore")
draws = 40
g_max = 25.0


def main(weights_file, strategy_file, seconds_of_mho, seconds_at_most):
    torch.manual_seed(1)
    numpy.random.seed(1)
    weights = torch.tensor(numpy.load(weights_file), dtype=torch.float32)
    strategy = json.load(open(strategy_file))
    times = strategy["times_seconds"]
    judge = PCMLikeNoiseModel(g_max=g_max)

    begun = time.monotonic()
    converter, theirs_by_itself = optimise(weights, times, seconds_at_most)
    seconds = time.monotonic() - begun

    pairs, parameters = converter.convert_to_conductances(weights)
    factors = torch.tensor(converter.f_lst)
    scale = parameters["scale_ratio"]
    theirs = judged(judge, weights, list(pairs), factors, scale, times)
    ours = judged(judge, weights, *read_strategy(strategy["layers"][0], weights), times)
    predicted = strategy["layers"][0]["predicted"]["tnmse"]
    print(f"aihwkit: TNMSE {theirs:.4f} ({theirs_by_itself:.4f} by its own loss), F {[round(float(f), 2) for f in factors]}, {seconds:.1f} s")
    print(f"mho:     TNMSE {ours:.4f} ({predicted:.4f} foretold), F {strategy['layers'][0]['significance']}, {seconds_of_mho:.2f} s")
    print(f"its error over ours {theirs / ours:.2f}, its time over ours {seconds / seconds_of_mho:.0f}")


def optimise(weights, times, seconds_at_most):
    config = InferenceRPUConfig()
    config.mapping.max_input_size = weights.shape[0]
    baseline = DualPairConductanceConverter(f_lst=[1.0, 3.0], g_max=g_max)
    config.noise_model = PCMLikeNoiseModel(g_max=g_max, g_converter=baseline)
    config.drift_compensation = GlobalDriftCompensation()
    tell = Telling(seconds_at_most)
    optimizer = WeightProgrammingOptimizer(
        weights.flatten(), [1.0, None], config, times, baseline, disp=False, callback=tell, loss_margin=margin, polish=False
    )
    tell.optimizer = optimizer
    converter, _ = optimizer.run_optimizer()
    return converter, float(optimizer.best_loss)


class Telling:
    """Prints how far the search has come, and ends it in time. Its workers are sent copies of the optimiser, and need none of this."""

    def __init__(self, seconds_at_most):
        self.begun = time.monotonic()
        self.seconds_at_most = seconds_at_most
        self.optimizer = None

    def __call__(self, intermediate_result):
        baseline = self.optimizer.loss_baseline
        loss = (intermediate_result.fun - margin) * baseline + baseline
        seconds = time.monotonic() - self.begun
        print(f"    after {seconds:.0f} s: {loss:.4f} by its own loss", flush=True)
        if seconds > self.seconds_at_most:
            raise StopIteration

    def __reduce__(self):
        return int, ()


# Never reached, so that its own rule does not stop it.
margin = 0.9


def read_strategy(layer, weights):
    """@returns the conductances of each device, the factors of the pairs, and µS a unit of weight, one a column."""
    scale = torch.tensor(layer["scale_microsiemens_per_unit"], dtype=torch.float32).reshape(1, -1)
    wanted = (weights * scale).numpy()
    points = layer["wanted_microsiemens"]
    pairs = []
    for plus, minus in zip(layer["plus"], layer["minus"]):
        for curve in (plus, minus):
            pairs.append(torch.tensor(numpy.interp(wanted, points, curve), dtype=torch.float32))
    return pairs, torch.tensor(layer["significance"]), scale


def judged(model, weights, devices, factors, scale, times):
    """@returns 100 × the mean square error over the square of the largest weight, averaged over the times."""
    largest = weights.abs().max()
    total = 0.0
    for _ in range(draws):
        programmed = [model.apply_programming_noise_to_conductance(g.clone()) for g in devices]
        drift = [model.generate_drift_coefficients(g.clone()) for g in devices]
        for seconds in times:
            read = [model.apply_drift_noise_to_conductance(g, nu, seconds) for g, nu in zip(programmed, drift)]
            raw = sum(f * (read[2 * k] - read[2 * k + 1]) for k, f in enumerate(factors)) / scale
            alpha = (raw * weights).sum() / (raw * raw).sum()
            total += float((((alpha * raw - weights) / largest) ** 2).mean()) * 100
    return total / draws / len(times)


if __name__ == "__main__":
    weights_file, strategy_file, seconds_of_mho, seconds_at_most = sys.argv[1:5]
    main(weights_file, strategy_file, float(seconds_of_mho), float(seconds_at_most))
