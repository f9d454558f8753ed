"""One visit through the real programs, step by step, and what must be true at the end of it.

The office plans, a phone enrols, six facts are recorded without a network, all is sent. Every step says whether it was
answered; what was answered is noted here and in the phone's tally, outside the files of the programs. A step whose
program died is looked up and, if it left nothing, taken again: that is all a person would do.
"""

import json
import os
import shutil
import signal
import subprocess
import time

VISIT = "V-1"
PATIENCE_S = 120
ATTEMPTS = 6
TAKEN_AGAIN = ("import", "enrol")  # Half of it may have happened; all of it, asked for again, happens once.
# What the technician records, in this order, and nothing of it twice.
TAPS = ("arrive", "start", 'note "n 1"', 'note "阀座 2"', "part used VALVE-7 1", "outcome resolved --fault F1")


class Broken(Exception):
    """A promise did not hold."""


class Programs:
    def __init__(self, build):
        self.server = os.path.join(build, "server", "doorstepd")
        self.office = os.path.join(build, "tools", "doorstep", "doorstep")
        self.phone = os.path.join(build, "tools", "phone", "doorstep-phone")


def copy(path, to):
    if os.path.isdir(path):
        shutil.copytree(path, to, dirs_exist_ok=True)
    elif os.path.exists(path):
        shutil.copy2(path, to)


def remove(path):
    """What is in it; a folder itself stays, because a disk may be mounted there."""
    if os.path.isdir(path):
        for name in os.listdir(path):
            inside = os.path.join(path, name)
            shutil.rmtree(inside) if os.path.isdir(inside) else os.remove(inside)
    elif os.path.exists(path):
        os.remove(path)


def chosen(steps, first, last):
    """`first` None: no step at all, the server only starts and ends."""
    names = [name for name, _, _ in steps]
    return steps[names.index(first):names.index(last) + 1] if first else []


class Story:
    """Folders, processes and notes of one telling."""

    def __init__(self, programs, folder, port):
        self.programs, self.folder, self.port = programs, folder, port
        # Where each program's files are; a disk that can lose power takes the place of one.
        self.files = {who: os.path.join(folder, who) for who in ("server", "phone")}
        self.server = None  # The server's process, while it runs.
        self.cut = None  # What ends a program; see cuts.py. None: nothing, or it has come.
        self.tried = set()
        self.answered = []
        self.code = ""
        self.in_doubt = 0  # Taps that the phone has and never told anybody about.
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", TZ="Europe/Berlin",
                                DOORSTEP_CONFIG_DIR=os.path.join(folder, "office"))

    # ---- a telling kept, and begun anew from there ----

    def parts(self):
        return [("server", self.files["server"]), ("phone", self.files["phone"]),
                ("office", self.path("office")), ("tally", self.path("tally"))]

    def keep(self, where):
        os.makedirs(where)
        for name, path in self.parts():
            copy(path, os.path.join(where, name))
        with open(os.path.join(where, "notes"), "w", encoding="utf-8") as notes:
            json.dump([self.answered, self.code], notes)

    def go_back(self, where):
        for name, path in self.parts():
            remove(path)
            copy(os.path.join(where, name), path)
        with open(os.path.join(where, "notes"), encoding="utf-8") as notes:
            self.answered, self.code = json.load(notes)
        self.in_doubt = 0

    # ---- the programs ----

    def path(self, name):
        return os.path.join(self.folder, name)

    def server_command(self):
        return [self.programs.server, "--data", self.files["server"], "--listen",
                "127.0.0.1:%d" % self.port, "--insecure-loopback"]

    def start_server(self):
        """Returns whether it serves; it does not when the cut came first."""
        log = open(self.path("server.log"), "w", encoding="utf-8")
        command = self.server_command()
        if self.cut and self.cut.from_the_start("server"):
            command = self.cut.wrap(command)
        self.server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=self.environment)
        log.close()
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_S:
            with open(self.path("server.log"), encoding="utf-8") as log:
                if " serves " in log.read():
                    if self.cut and self.cut.attaches("server"):
                        self.cut.attach(self.server.pid)
                    return True
            if self.gone("server", self.server):
                self.server = None
                return False
            time.sleep(0.01)
        raise Broken("the server does not serve within %d s: %s" % (PATIENCE_S, self.tail("server.log")))

    def stop_server(self):
        """As an administrator does: it drains and ends."""
        if self.server is None:
            return
        self.server.terminate()
        began = time.monotonic()
        while self.server is not None and not self.gone("server", self.server):
            if time.monotonic() - began > PATIENCE_S:
                raise Broken("the server does not end within %d s" % PATIENCE_S)
            time.sleep(0.005)
        self.server = None

    def gone(self, who, process):
        """Whether the process has ended. If the cut did it, there is no cut any more."""
        if self.cut and self.cut.came(who, process):
            self.cut = None
        elif who == "server" and process.poll() not in (None, 0, -signal.SIGKILL):
            raise Broken("the server ended by itself, with status %d: %s" % (process.poll(), self.tail("server.log")))
        return process.poll() is not None

    def end(self):
        if self.server is not None and self.server.poll() is None:
            self.server.kill()
            self.server.wait()
        self.server = None

    def run(self, who, command):
        """Runs a program to its end, with a server that is there: status, standard output and error."""
        if self.cut and self.cut.from_the_start(who):
            command = self.cut.wrap(command)
        out, err = open(self.path("out"), "w+", encoding="utf-8"), open(self.path("err"), "w+", encoding="utf-8")
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=self.environment)
        began = time.monotonic()
        while not self.gone(who, process):
            if self.server is not None and self.gone("server", self.server):
                self.server = None
                self.start_server()  # The phone goes on by itself, the office asks again.
            if time.monotonic() - began > PATIENCE_S:
                process.kill()
                process.wait()
                raise Broken("%s does not end within %d s" % (" ".join(command[-4:]), PATIENCE_S))
            time.sleep(0.005)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read())
            file.close()
        return process.returncode, texts[0], texts[1]

    def office(self, *arguments):
        return self.run("office", [self.programs.office, *arguments])

    def ask(self, *arguments):
        """What the office is told, as an object; None when there is no such thing."""
        status, out, err = self.office(*arguments, "--json")
        if status == 0:
            return json.loads(out)
        if err.startswith(("Error: no visit ", "Error: no work order ")):
            return None
        raise Broken("doorstep %s: %s" % (" ".join(arguments), err.strip()))

    def phone(self, lines):
        script = self.path("script")
        with open(script, "w", encoding="utf-8") as file:
            file.write("tally %s\n%s\n" % (self.path("tally"), "\n".join(lines)))
        return self.run("phone", [self.programs.phone, "--dir", self.files["phone"], "--server",
                                  "127.0.0.1:%d" % self.port, "--json", "--script", script])

    def tail(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()[-500:].strip()

    # ---- the steps ----

    def steps(self):
        """(name, what does it, what tells whether it has happened; None: only doing it again)."""
        for name, header, row in (("accounts", "id,name", "A-1,Gasthof Zur Linde 林"), ("technicians", "id,name", "T-1,Ana")):
            with open(self.path(name + ".csv"), "w", encoding="utf-8") as file:
                file.write("%s\n%s\n" % (header, row))
        tomorrow = time.strftime("%Y-%m-%d", time.localtime(time.time() + 86400))
        visit = lambda: (self.ask("visit", "show", VISIT) or {}).get("visit", {})
        command = lambda *words: lambda: self.office(*words)[0] == 0
        return [
            ("connect", command("connect", os.path.join(self.files["server"], "admin.connect")), None),
            ("import", command("import", self.path("accounts.csv"), self.path("technicians.csv")),
             lambda: any(a["id"] == "A-1" for a in self.ask("account", "list")["accounts"])),
            ("work order", command("work-order", "create", "--id", "W-1", "--account", "A-1", "--kind", "corrective"),
             lambda: self.ask("work-order", "show", "W-1") is not None),
            ("visit", command("visit", "create", "--id", VISIT, "--work-order", "W-1"), lambda: bool(visit())),
            ("schedule", command("visit", "schedule", VISIT, tomorrow + "T08:00/10:00", "--zone", "Europe/Berlin"),
             lambda: bool(visit().get("planned"))),
            ("assign", command("visit", "assign", VISIT, "T-1"), lambda: bool(visit().get("assignments"))),
            ("dispatch", command("visit", "dispatch", VISIT),
             lambda: visit().get("state") in ("VISIT_STATE_DISPATCHED", "VISIT_STATE_COMPLETED")),
            ("invite", self.invite, None),
            ("enrol", lambda: self.phone(["enrol " + self.code, "sync"])[0] == 0,
             lambda: len(self.ask("device", "list")["devices"]) == 1),
            ("taps", self.tap, None),
            ("sync", lambda: self.phone(["sync"])[0] == 0, None),
        ]

    def invite(self):
        status, out, _ = self.office("device", "invite", "T-1", "--json")
        self.code = json.loads(out)["invitation_code"] if status == 0 else ""
        return status == 0

    def tallied(self):
        if not os.path.exists(self.path("tally")):
            return {}
        with open(self.path("tally"), encoding="utf-8") as file:
            lines = [line.split("\t") for line in file.read().splitlines()]
        return {position: json.loads(content) for position, _, content in lines}

    def status_of_phone(self):
        status, out, err = self.phone(["status"])
        if status != 0:
            raise Broken("the phone does not open: " + err.strip())
        return json.loads(out.splitlines()[-1])["answer"]

    def tap(self):
        """Records what is not recorded yet. A tap that was under way may be there, and nobody was told."""
        told = len(self.tallied())
        there = int(self.status_of_phone()["entries_recorded"]) if told + self.in_doubt > 0 or "taps" in self.tried else 0
        if there < told + self.in_doubt:
            raise Broken("lost: the phone told of %d entries and has %d" % (told + self.in_doubt, there))
        if there > told + self.in_doubt + 1:
            raise Broken("doubled: %d entries are on the phone, and %d taps were made" % (there, told + 1))
        self.in_doubt = there - told
        self.tried.add("taps")
        return self.phone(["offline", "open " + VISIT, *TAPS[there:]])[0] == 0

    def tell(self, cut, first, last, stops=True):
        """Takes the steps from `first` to `last`, each until it is answered; `cut` may come meanwhile."""
        self.cut, self.tried = cut, set()
        steps = self.steps()
        for name, step, happened in chosen(steps, first, last):
            for attempt in range(ATTEMPTS):
                if self.server is None:
                    self.start_server()
                armed = self.cut
                if attempt > 0 and happened and name not in TAKEN_AGAIN and happened():
                    break
                if step():
                    break
                if armed is self.cut and attempt > 1:
                    raise Broken("step '%s' fails though nothing dies: %s" % (name, self.tail("err")))
            else:
                raise Broken("step '%s' fails %d times: %s" % (name, ATTEMPTS, self.tail("err")))
            if name not in self.answered:
                self.answered.append(name)
        if self.server is None and not self.start_server():
            self.start_server()
        if stops:
            self.stop_server()
        if cut and not self.cut:
            self.check_answers(steps)

    # ---- what must be true ----

    def check_answers(self, steps):
        """What was answered has happened, and still has after the cut."""
        if self.server is None and not self.start_server():
            raise Broken("the server does not start after the cut: " + self.tail("server.log"))
        for name, _, happened in steps:
            if name in self.answered and happened and not happened():
                raise Broken("lost: '%s' was answered and did not happen" % name)

    def check_end(self):
        if self.server is None:
            self.start_server()
        status = self.status_of_phone()
        for field, wanted in (("entries_recorded", len(TAPS)), ("entries_counted", len(TAPS)),
                              ("entries_saved_here", 0), ("entries_safe", 0), ("entries_needing_attention", 0)):
            if int(status[field]) != wanted:
                raise Broken("the phone says %s: %s, and it must be %d" % (field, status[field], wanted))
        if status["repairs"]:
            raise Broken("the phone had to repair: " + status["repairs"][0])
        devices = self.ask("device", "list")["devices"]
        if len(devices) != 1:
            raise Broken("there are %d devices of one phone" % len(devices))
        entries = self.ask("journal", "show", devices[0]["id"], "--limit", "1000")["entries"]
        if len(entries) != len(TAPS):
            raise Broken("%s: the office has %d entries of %d" %
                         ("doubled" if len(entries) > len(TAPS) else "lost", len(entries), len(TAPS)))
        received = {}
        for entry in entries:
            place = entry["position"]
            content = {key: value for key, value in entry["entry"].items() if key not in ("time", "nonce")}
            received["%s.%s.%s" % (place["device"], place["epoch"], place["seq"])] = content
            if entry["judgement"]["verdict"] != "VERDICT_COUNTED":
                raise Broken("an entry does not count: " + entry["judgement"]["message"])
        if len({json.dumps(content, sort_keys=True) for content in received.values()}) != len(TAPS):
            raise Broken("doubled: one fact is there under two positions")
        for position, content in self.tallied().items():
            if received.get(position) != {key: value for key, value in content.items() if key != "nonce"}:
                raise Broken("lost: the office does not have %s as it was recorded" % position)
        visit = self.ask("visit", "show", VISIT)["visit"]
        if visit["state"] != "VISIT_STATE_COMPLETED" or visit["facts"] != len(TAPS):
            raise Broken("the visit is %s with %d facts" % (visit["state"], visit["facts"]))
        rebuilt = self.ask("server", "rebuild")
        if not rebuilt["equal"] or rebuilt["entries"] != str(len(TAPS)):
            raise Broken("rebuilding gives another state: %s" % rebuilt["differences"])
