"""The emulated Keithley instruments, by PyMeasure's own classes of them: set, measure, ramp and shut down."""

import contextlib
import warnings

from board import emulated_instrument
from pymeasure.instruments.keithley import Keithley2400, Keithley2450

warnings.simplefilter("ignore", FutureWarning)


@contextlib.contextmanager
def opened(preset):
    if preset == "keithley-2400":
        with emulated_instrument(preset) as address:
            yield Keithley2400(address, visa_library="@py")
    else:
        with emulated_instrument(preset, "--tcp", "0") as address:
            yield Keithley2450(address, visa_library="@py", read_termination="\n", write_termination="\n")


for preset in ("keithley-2400", "keithley-2450"):
    with opened(preset) as smu:
        model = preset.split("-")[1]
        assert f"MODEL {model}" in smu.id
        smu.reset()
        assert smu.check_errors() == []
        # Set: what is set is what is told, and the output is off until it is enabled.
        smu.apply_voltage(compliance_current=1e-3)
        smu.measure_current(nplc=1)
        assert smu.source_mode == "voltage" and smu.compliance_current == 1e-3
        assert not (smu.source_enabled if model == "2400" else int(smu.ask("OUTPUT?")))
        smu.source_voltage = 0.2
        assert smu.source_voltage == 0.2
        # Measure: the current of a formed device, half as much again at 1.5 times the voltage.
        smu.enable_source()
        current = smu.current
        assert 1e-6 < current < 5e-5, current
        smu.source_voltage = 0.3
        assert abs(smu.current / current - 1.5) < 0.1
        # The limit holds.
        smu.compliance_current = 2e-6
        assert abs(smu.current - 2e-6) < 1e-9
        smu.compliance_current = 1e-3
        # Ramp: far enough down to reset the device.
        smu.ramp_to_voltage(-2.5, steps=10, pause=0.001)
        assert smu.source_voltage == -2.5
        smu.ramp_to_voltage(0.2, steps=5, pause=0.001)
        assert smu.current < 0.7 * current, "the ramp reset the device"
        if model == "2400":
            every = smu.measure_all()
            assert abs(every["voltage"] - 0.2) < 1e-6 and 0 < every["current"] < 0.7 * current
            smu.source_delay = 0.01
            assert smu.source_delay == 0.01 and smu.check_errors() == []
        # A word that it does not know.
        smu.write("FOO:BAR")
        assert smu.ask("SYST:ERR?").startswith("-113")
        smu.shutdown()
        assert int(float(smu.ask("OUTPUT?"))) == 0 and smu.source_voltage == 0
    print(f"PyMeasure drove {preset}")
