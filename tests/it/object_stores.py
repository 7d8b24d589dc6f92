"""An S3 server (moto) behind a proxy that fails some requests. Prints the proxy's port, then answers lines of stdin:
`list PREFIX` with the keys below it as JSON, `counts` with how many requests of each kind there were and how many failed."""

import http.client
import json
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from moto.server import ThreadedMotoServer

counts, lock = Counter(), threading.Lock()
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
INTERNAL = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def fault(self):
        """The fault for this request: status and body, `drop`, or None."""
        if "/refused/" in self.path and "manifest" in self.path and self.command == "PUT":
            return 403, DENIED
        with lock:
            counts["requests"] += 1
            n = counts["requests"]
            if "partNumber=" in self.path:
                counts["parts"] += 1
            fault = (500, INTERNAL) if n % 5 == 0 else (503, SLOW_DOWN) if n % 7 == 0 else "drop" if n % 11 == 0 else None
            counts["faults"] += fault is not None
        return fault

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.fault()
        self.close_connection = True
        if fault == "drop":
            self.connection.close()
            return
        if fault:
            status, found, headers = fault[0], fault[1], [("Content-Type", "application/xml")]
        else:
            server = http.client.HTTPConnection("127.0.0.1", moto_port)
            server.request(self.command, self.path, body, dict(self.headers))
            answer = server.getresponse()
            status, found, headers = answer.status, answer.read(), answer.getheaders()
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = dict((n.lower(), v) for n, v in headers).get("content-length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(found)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(found)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

    def log_message(self, *_):
        pass


moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
moto.start()
moto_port = moto.get_host_and_port()[1]
s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{moto_port}", region_name="us-east-1",
                  aws_access_key_id="x", aws_secret_access_key="x")
s3.create_bucket(Bucket="rows")
proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
threading.Thread(target=proxy.serve_forever, daemon=True).start()
print(proxy.server_address[1], flush=True)
for line in sys.stdin:
    word, *rest = line.split()
    if word == "list":
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="rows", Prefix=rest[0])
        print(json.dumps([found["Key"] for page in pages for found in page.get("Contents", [])]), flush=True)
    elif word == "uploads":
        print(json.dumps(len(s3.list_multipart_uploads(Bucket="rows").get("Uploads", []))), flush=True)
    else:
        print(json.dumps(counts), flush=True)
