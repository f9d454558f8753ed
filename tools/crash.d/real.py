"""Campaigns against the real programs: a telling of the story for each point where one of them can be ended."""

import os
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from cuts import SHUTDOWNS, Disk, Kill, Point, PowerCut, Watch, read_points
from story import Broken, Programs, Story

# name, who is ended, whether strace comes once it works, from which step to which.
PHASES = (
    ("first-start", "server", False, None, None),
    ("plan", "server", True, "connect", "invite"),
    ("enrol", "phone", False, "enrol", "enrol"),
    ("taps", "phone", False, "taps", "taps"),
    ("sync", "phone", False, "sync", "sync"),
    ("day", "server", True, "sync", "sync"),
    ("restart", "server", False, None, None),
)
LAST_OF = {"first-start": None, "plan": "invite", "enrol": "enrol", "taps": "taps", "sync": "sync", "day": "sync",
           "restart": "sync"}


def parse_point(text):
    """`taps/journal.db-wal/pwrite64/7/kill`; None: it is none."""
    parts = text.split("/")
    known = {name for name, _, _, _, _ in PHASES}
    if len(parts) < 5 or parts[0] not in known or not parts[-2].isdigit():
        return None
    return Point(parts[0], "/".join(parts[1:-3]), parts[-3], int(parts[-2]), parts[-1])


def text_of(point):
    return "%s/%s/%s/%d/%s" % point


class Teller:
    """Tells the story again and again in a folder of its own, with a server on a port of its own."""

    def __init__(self, programs, power):
        self.folder = tempfile.mkdtemp(prefix="doorstep-crash.")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.story = Story(programs, os.path.join(self.folder, "run"), port)
        os.mkdir(self.story.folder)
        self.disks = {}
        if power:
            for who in ("server", "phone"):
                folder = os.path.join(self.folder, "disk-" + who)
                self.disks[who] = Disk(folder + ".ext4", folder)
                self.story.files[who] = folder
        self.tell_once()

    def kept(self, phase):
        return os.path.join(self.folder, "before-" + phase)

    def tell_once(self):
        """Without any cut; keeps what there is before each phase."""
        story = self.story
        for name, _, _, first, last in PHASES:
            if name == "restart":
                # The log of the last commits is still beside the file: the server that served the day was killed.
                story.go_back(self.kept("day"))
                story.tell(None, "sync", "sync", stops=False)
                story.end()
            story.keep(self.kept(name))
            if name != "day":
                story.tell(None, first, last)
        self.rest_and_check("restart")

    def rest_and_check(self, phase):
        story = self.story
        steps = [name for name, _, _ in story.steps()]
        last = LAST_OF[phase]
        after = steps[steps.index(last) + 1:] if last else steps
        if after:
            story.tell(None, after[0], after[-1], stops=False)
        story.check_end()
        story.stop_server()

    def watch(self, name, victim, attached, first, last, hows):
        record = os.path.join(self.folder, "calls")
        watch = Watch(victim, attached, record)
        self.go_back(name)
        self.story.tell(watch, first, last)
        watch.end()
        return read_points(record, self.story.files[victim], name, hows)

    def go_back(self, name):
        self.story.go_back(self.kept(name))
        for disk in self.disks.values():
            disk.settle()

    def run(self, point):
        """(whether the cut came, what is wrong)."""
        name, victim, attached, first, last = next(phase for phase in PHASES if phase[0] == point.phase)
        folder = self.story.files[victim]
        self.go_back(name)
        if point.how == "kill":
            cut = Kill(victim, attached, folder, point)
        else:
            cut = PowerCut(victim, attached, folder, point, self.disks[victim], os.path.join(self.folder, "stopped"))
        try:
            self.story.tell(cut, first, last)
            came = self.story.cut is None
            self.story.cut = None
            cut.end()
            self.rest_and_check(name)
            return came, ""
        except Broken as broken:
            return True, str(broken)
        finally:
            self.story.cut = None
            self.story.end()
            cut.end()

    def end(self):
        self.story.end()
        for disk in self.disks.values():
            disk.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def what_is_missing(programs, power):
    """(what, what to try); None: everything is there."""
    if shutil.which("strace") is None:
        return "strace is not installed.", "tools/setup"
    for program in (programs.server, programs.office, programs.phone):
        if not os.path.exists(program):
            return "%s is not built." % program, "tools/crash without --no-build"
    if not power:
        return None
    if os.geteuid() != 0:
        return "--power mounts disks, and only root may.", "sudo tools/crash --power"
    for tool in ("mkfs.ext4", "mount", "umount"):
        if shutil.which(tool) is None:
            return "%s is not installed." % tool, "apt-get install e2fsprogs mount"
    probe = subprocess.run(["losetup", "-f"], capture_output=True, text=True)
    if probe.returncode != 0:
        return "there is no loop device: %s." % probe.stderr.strip(), "a machine with loop devices, or --kill"
    return None


def find_points(teller, power, wanted):
    points, phases = [], {}
    hows = tuple(SHUTDOWNS) if power else ("kill",)
    for phase in PHASES:
        if wanted and phase[0] not in wanted:
            continue
        found, seen, ended = teller.watch(*phase, hows)
        points += found
        phases[phase[0]] = {"calls": seen, "chosen": ended, "points": len(found), "run": 0, "reached": 0}
    return points, phases


def campaign(build, power, jobs, wanted_phases, wanted_range, every, only):
    """The summary as an object. `wanted_range`: (first, last) of the points, from 1; None: all."""
    programs = Programs(build)
    missing = what_is_missing(programs, power)
    if missing:
        print("Error: %s\nTry: %s" % missing, file=sys.stderr)
        return None
    began = time.monotonic()
    work, done, lock = queue.Queue(), [], threading.Lock()
    first = Teller(programs, power)
    tellers = [first]
    try:
        if only:
            points = [only]
            phases = {only.phase: {"calls": 1, "chosen": 1, "points": 1, "run": 0, "reached": 0}}
        else:
            points, phases = find_points(first, power, wanted_phases)
        chosen = points[wanted_range[0] - 1:wanted_range[1]] if wanted_range else points
        for point in chosen[::every]:
            work.put(point)
        total = work.qsize()
        while len(tellers) < min(jobs, total):
            tellers.append(Teller(programs, power))
        threads = [threading.Thread(target=take, args=(teller, work, done, lock, total)) for teller in tellers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for teller in tellers:
            teller.end()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    violations = []
    for point, came, wrong in done:
        phases[point.phase]["run"] += 1
        phases[point.phase]["reached"] += came
        if wrong:
            violations.append({"case": text_of(point), "what": wrong})
    return {"how": "power" if power else "kill", "phases": phases, "points": len(points), "run": len(done),
            "seconds": round(time.monotonic() - began, 1), "violations": violations}


def take(teller, work, done, lock, total):
    while True:
        try:
            point = work.get_nowait()
        except queue.Empty:
            return
        try:
            came, wrong = teller.run(point)
        except Exception as error:  # A campaign of hours must not end for one point; it is a violation until explained.
            came, wrong = False, "the campaign itself failed: %r" % error
        with lock:
            done.append((point, came, wrong))
            if wrong:
                print("%s%s: %s" % ("\n" if sys.stderr.isatty() else "", text_of(point), wrong), file=sys.stderr)
            if sys.stderr.isatty() or len(done) % 50 == 0:
                print("%s%d of %d points, %d promises broken " %
                      ("\r" if sys.stderr.isatty() else "", len(done), total, sum(bool(w) for _, _, w in done)),
                      end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
