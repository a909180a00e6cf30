"""A workload written against the unmodified spiffe library of Python, which tells in lines of JSON
what it sees and does what it is told in lines of text: "jwt", "fetch", "end"."""

import json
import sys
import threading

from spiffe import JwtSource, WorkloadApiClient, X509Source

AUDIENCE = "db"
WAIT_S = 20
printing = threading.Lock()


def tell(event, **fields):
    with printing:
        print(json.dumps({"event": event, **fields}), flush=True)


def tell_svid(source):
    svid = source.svid
    leaf = svid.leaf
    tell(
        "x509",
        id=str(svid.spiffe_id),
        serial=format(leaf.serial_number, "x"),
        bundles={
            bundle.trust_domain.name: len(bundle.x509_authorities) for bundle in source.bundles
        },
    )


def token(client, source):
    svid = source.fetch_svid(audience={AUDIENCE, "cache"})
    there = client.validate_jwt_svid(svid.token, "cache")
    try:
        client.validate_jwt_svid(svid.token, "other")
    except Exception as error:
        refused = str(error)
    else:
        refused = "taken"
    tell(
        "jwt",
        id=str(svid.spiffe_id),
        there=str(there.spiffe_id),
        audience=sorted(svid.audience),
        refused=refused,
        bundles={bundle.trust_domain.name: len(bundle.jwt_authorities) for bundle in source.bundles},
    )


def main():
    client = WorkloadApiClient()
    x509_source = X509Source(timeout_in_seconds=WAIT_S)
    jwt_source = JwtSource(timeout_in_seconds=WAIT_S)
    tell_svid(x509_source)
    x509_source.subscribe_for_updates(lambda: tell_svid(x509_source))
    client.stream_x509_contexts(
        lambda context: None,
        lambda error: tell("x509-error", why=str(error)),
        retry_connect=False,
    )
    tell("ready")
    for line in sys.stdin:
        try:
            if line.strip() == "jwt":
                token(client, jwt_source)
            if line.strip() == "fetch":
                svids = client.fetch_x509_svids()
                tell("fetch", ids=[str(svid.spiffe_id) for svid in svids])
            if line.strip() == "end":
                return
        except Exception as error:
            tell("failed", why=str(error))


main()
