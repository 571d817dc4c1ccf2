"""Print the platform's policy documents as JSON.

python -m tools.access_documents                                     from the programs
python -m tools.access_documents registry.json dev.json prod.json    from `pulumi stack export --stack <name>` of each
"""

from __future__ import annotations

import sys

from tools.access_documents.reading import read_platform

if __name__ == "__main__":
    if len(sys.argv) not in (1, 4):
        sys.exit(str(__doc__))
    print(read_platform(sys.argv[1:]).as_json(), end="")
