/** A certificate for 127.0.0.1 and the authority that vouches for it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./processes.ts";

export interface Certificate {
  /** Path of the authority's certificate: whoever trusts it (`SSL_CERT_FILE`) trusts the other one. */
  authority: string;
  key: Buffer;
  cert: Buffer;
}

/** Makes both anew. */
export function certificate(): Certificate {
  const folder = temporaryFolder("tls");
  const at = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => execFileSync("openssl", words, { stdio: "ignore" });
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...fresh, "-days", "2", "-subj", "/CN=Authority of a test", "-keyout", at("ca.key"), "-out", at("ca.pem"));
  openssl("req", ...fresh, "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", at("key.pem"), "-out", at("request.pem"));
  openssl("x509", "-req", "-in", at("request.pem"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2", "-copy_extensions", "copy", "-out", at("cert.pem"));
  return { authority: at("ca.pem"), key: readFileSync(at("key.pem")), cert: readFileSync(at("cert.pem")) };
}
