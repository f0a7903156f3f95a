"""Reads the #include lines of a tree and says what breaks the layering. Used by the test beside it and by ./dev lint."""

import pathlib
import re
import sys

from rooms import MAX_LINES_OF_A_FILE, MAY_USE, RESERVED

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^">]+)[">]', re.MULTILINE)
SUFFIXES = {".h", ".hpp", ".cpp", ".cc", ".c", ".inc"}


def closure(may_use):
    """Every room a room may include, itself among them. Raises ValueError when the table itself has a cycle."""
    reached = {}

    def reach(room, path):
        if room in path:
            raise ValueError("the table of rooms has a cycle: " + " -> ".join(path + [room]))
        if room not in reached:
            reached[room] = {room}.union(*[reach(used, path + [room]) for used in may_use[room]])
        return reached[room]

    for room in may_use:
        reach(room, [])
    return reached


def sources_under(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())


def without_comments(text):
    """Comments blanked, lines kept, so that a header named in prose is not an include."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group(0))
    text = re.sub(r"/\*.*?\*/", blank, text, flags=re.DOTALL)
    return re.sub(r"(?m)(?<![:\"'])//[^\n]*", "", text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def find_cycle(edges):
    """A cycle as a list of names, or None."""
    state = {}

    def visit(node, path):
        state[node] = "open"
        for after in sorted(edges.get(node, ())):
            if state.get(after) == "open":
                return path[path.index(after):] + [after] if after in path else [node, after]
            if after not in state:
                found = visit(after, path + [after])
                if found:
                    return found
        state[node] = "done"
        return None

    for node in sorted(edges):
        if node not in state:
            found = visit(node, [node])
            if found:
                return found
    return None


def check_room_file(root, path, allowed, problems, edges):
    room = path.relative_to(root / "src").parts[0]
    where = path.relative_to(root)
    text = without_comments(path.read_text(encoding="utf-8", errors="replace"))
    for match in INCLUDE.finditer(text):
        target = match.group(1)
        # "../other/x.h" reaches another folder as well as "other/x.h" does: judge where it leads.
        if target.startswith("."):
            try:
                target = str((path.parent / target).resolve().relative_to((root / "src").resolve()))
            except ValueError:
                problems.append(f"{where}:{line_of(text, match.start())}: includes {match.group(1)}, which is outside src")
                continue
        first = target.split("/")[0]
        at = f"{where}:{line_of(text, match.start())}"
        if first == "apps":
            problems.append(f"{at}: a room includes the program ({target})")
        elif first in allowed or (root / "src" / first).is_dir():
            edges.setdefault(room, set()).update({first} - {room})
            if first not in allowed.get(room, {room}):
                problems.append(f"{at}: {room} may not use {first} ({target}); see tests/layering/rooms.py")
    for name, pattern, rooms in RESERVED:
        if room in rooms:
            continue
        for match in re.finditer(pattern, text):
            owners = " and ".join(sorted(rooms)) or "apps"
            problems.append(f"{where}:{line_of(text, match.start())}: {name} belongs to {owners} only")


def check(root):
    """Every breach under `root`, as lines "file:line: what"; empty when all is well."""
    root = pathlib.Path(root)
    allowed = closure(MAY_USE)
    problems, edges = [], {}
    for room in sorted(path.name for path in (root / "src").iterdir() if path.is_dir()):
        if room not in MAY_USE:
            problems.append(f"src/{room}: is not in the table of tests/layering/rooms.py")
    for path in sources_under(root / "src"):
        check_room_file(root, path, allowed, problems, edges)
    cycle = find_cycle(edges)
    if cycle:
        problems.append("src: a cycle between folders: " + " -> ".join(cycle))
    for folder in ("src", "apps", "tests", "bench", "fuzz", "tools", "examples"):
        for path in sources_under(root / folder) if (root / folder).is_dir() else []:
            count = len(path.read_text(encoding="utf-8", errors="replace").splitlines())
            if count > MAX_LINES_OF_A_FILE:
                problems.append(f"{path.relative_to(root)}: {count} lines, {MAX_LINES_OF_A_FILE} at most: cut it in two")
    return problems


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2])
    problems = check(root)
    for problem in problems:
        print(problem)
    print(f"layering: {len(sources_under(root / 'src'))} files of src read, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
