"""cited.py first|has ADDRESS, with the JSON of `renvoi ask --json` on standard input.

first: prints the address of citation [1]; fails when there is none. has ADDRESS: succeeds when ADDRESS is cited.
"""

import json
import sys

answer = json.load(sys.stdin)
addresses = [citation["address"] for citation in answer["citations"]]
if sys.argv[1] == "first":
    if not addresses:
        sys.exit("the answer cites nothing: " + answer["text"])
    print(addresses[0])
else:
    sys.exit(0 if sys.argv[2] in addresses else 1)
