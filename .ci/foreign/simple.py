"""What simple-salesforce reads from an org over TLS.

Usage: simple.py BASE CLIENT_ID CLIENT_SECRET STATEMENTS OUT

It signs in with client credentials at a My Domain, as it insists on; an adapter brings that host to BASE. Bulk pages are
written to OUT as they come, <object>-<n>.csv; answers of REST to <object>.json.
"""
import json
import pathlib
import sys

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce


class Detour(HTTPAdapter):
    def __init__(self, base):
        self.base = base
        super().__init__()

    def send(self, request, **kwargs):
        request.url = request.url.replace("https://acme.my.salesforce.com", self.base)
        return super().send(request, **kwargs)


def main(base, client, secret, statements, out):
    out = pathlib.Path(out)
    session = requests.Session()
    session.mount("https://acme.my.salesforce.com", Detour(base))
    sf = Salesforce(consumer_key=client, consumer_secret=secret, domain="acme.my", session=session, version="66.0")
    for s in json.loads(pathlib.Path(statements).read_text()):
        if not s["bulk"]:
            (out / f"{s['object']}.json").write_text(json.dumps(sf.query_all(s["soql"])["records"]))
            continue
        bulk = getattr(sf.bulk2, s["object"].split("_")[0])
        if s.get("download"):
            bulk.download(s["soql"], str(out), wait=1)
            continue
        ask = bulk.query_all if s.get("deleted") else bulk.query
        for n, page in enumerate(ask(s["soql"], wait=1), 1):
            with open(out / f"{s['object']}-{n}.csv", "w", encoding="utf-8", newline="") as f:
                f.write(page)


main(*sys.argv[1:])
