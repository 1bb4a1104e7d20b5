"""`python -m adapter.web` prints the API's description: `make schema` makes the page's types from that."""

import json
import sys

from adapter.web.app import all_routes
from adapter.web.openapi import document

json.dump(document(all_routes()), sys.stdout)
