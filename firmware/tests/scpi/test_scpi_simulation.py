"""Claims about the commands of a simulated plant; they run on CPython and on MicroPython."""

from bench_language import ask, errors
from fakes import Board, Parts, Serial
from stackpress_core import documents
from stackpress_core.scpi import commands
from stackpress_core.scpi.server import Server


class PlantBoard(Board):
    """A board whose plant notes what was done to it."""

    capabilities = ("force_cells", "faults")

    def __init__(self):
        self.simulation = self
        self.set = {}
        self.plants = []

    def fault(self, name, value):
        if name not in ("guard", "cell_open"):
            raise KeyError(name)
        if name == "cell_open" and not 1 <= value <= 4:
            raise ValueError("a cell is 1..4")
        self.set[name] = value

    def clear_fault(self, name):
        for each in [name] if name else list(self.set):
            del self.set[each]

    def faults(self):
        return self.set

    def known_faults(self):
        return [("guard", "guard open"), ("cell_open", "open bridge")]

    def new_plant(self, spec):
        if spec is not None:
            self.plants.append(spec["name"])
        else:
            self.plants.append(None)

    def plant_truth(self):
        return {"force_cn": 123456, "cell_cn": [1, 2, 3, 4], "displacement_nm": -5, "pressure_cn": 9, "valve_code": 65535,
                "valve_state": 4, "moves": 7, "most_force_cn": 200000}  # fmt: skip


class RealBoard(Board):
    capabilities = ("force_cells",)


def bench(board):
    press = Parts()
    press.board = board
    return Server(Serial(), commands.of_board(board), press), press


def test_faults_are_set_listed_and_mended_by_name():
    board = PlantBoard()
    server, _ = bench(board)
    assert ask(server, "SIM:FAUL:ACT?") == '""\n'
    ask(server, 'SIMulation:FAULt "guard";FAULt "cell_open",3')
    assert board.set == {"guard": 1, "cell_open": 3}
    assert ask(server, "SIM:FAUL:ACT?") == '"cell_open",3,"guard",1\n'
    ask(server, 'SIM:FAUL:CLE "guard"')
    assert board.set == {"cell_open": 3}
    ask(server, 'SIM:FAUL "guard"')
    ask(server, "SIM:FAUL:CLE")
    assert board.set == {}
    assert ask(server, "SIM:FAUL:CAT?") == '"guard","guard open","cell_open","open bridge"\n'
    assert errors(server) == []


def test_a_fault_that_there_is_not_is_an_error():
    server, _ = bench(PlantBoard())
    ask(server, 'SIM:FAUL "gaurd"')
    ask(server, 'SIM:FAUL "cell_open",9')
    ask(server, 'SIM:FAUL:CLE "gaurd"')
    assert errors(server) == [-224, -222, -224]


def test_truth_is_whole_numbers_in_the_manuals_order():
    server, _ = bench(PlantBoard())
    assert ask(server, "SIM:TRUT?") == "123456,-5,9,65535,4,7,200000,1,2,3,4\n"


def test_a_plant_comes_as_a_document_and_is_put_in_by_a_command():
    board = PlantBoard()
    server, press = bench(board)
    ask(server, "SIM:SPEC")
    press.documents.write("plant", b'{"format": 1, "plant": {"name": "soft"}}')
    ask(server, "SIM:SPEC")
    press.documents.write("plant", b'{"format": 1, "plant": {}}')
    ask(server, "SIM:SPEC")
    assert board.plants == [None, "soft"]
    assert errors(server) == [-221]


def test_a_press_of_steel_has_no_such_commands():
    server, _ = bench(RealBoard())
    for text in ('SIM:FAUL "guard"', "SIM:FAUL:CLE", "SIM:FAUL:ACT?", "SIM:FAUL:CAT?", "SIM:SPEC", "SIM:TRUT?"):
        assert ask(server, text) == "", text
        assert errors(server) == [-113], text


def test_a_press_of_steel_takes_no_plant_document():
    from stackpress_core.document_rules import plant

    assert plant({"format": 1, "plant": {}}, RealBoard()) == ["this board's plant is not simulated"]
    assert plant({"format": 1, "plant": {}}, PlantBoard()) == []
    assert plant({"format": 1}, PlantBoard()) == ["plant is missing"]
    assert documents.kind_of("plant") == "plant"
