"""The board as an instrument of QCoDeS, by the class of the SCPI dialect's page."""

from board import every_address, of_page
from qcodes.dataset import Measurement, initialise_or_create_database_at, load_or_create_experiment

initialise_or_create_database_at("qcodes.db")
experiment = load_or_create_experiment("mho", "pcm-64")

for address in every_address():
    names = of_page("QCoDeS", address)
    board = names["board"]
    assert names["conductances"].shape == (256,) and board.output() is False
    assert board.get_idn() == {
        "vendor": "mho", "model": "pcm-64", "serial": "EMU-5", "firmware": "mho-emulator 1",
    }  # fmt: skip
    assert board.averages() == 16 and 0 < board.temperature() < 60
    board.write("FOO")
    assert board.ask("SYST:ERR?").startswith("-113,")
    snapshot = board.snapshot(update=True)["parameters"]
    assert snapshot["averages"]["value"] == 16 and snapshot["conductances"]["unit"] == "µS"
    # A measurement: how a row drifts, in virtual time.
    measurement = Measurement(exp=experiment)
    measurement.register_parameter(board.row)
    measurement.register_parameter(board.conductances, setpoints=[board.row], paramtype="array")
    board.output(True)
    with measurement.run() as save:
        for row in range(3):
            board.write("SYST:TIME:ADV 10 S")
            board.row(row)
            save.add_result((board.row, row), (board.conductances, board.conductances()))
    data = save.dataset.get_parameter_data()["board_conductances"]["board_conductances"]
    assert data.shape == (3, 256) and data.min() > -5
    board.device_clear()
    board.write("*RST")
    assert board.output() is False and board.averages() == 1
    board.close()
    print(f"QCoDeS drove {address}")
