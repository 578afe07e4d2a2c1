import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly ca_file: string;
  readonly pair: { readonly private_key: Buffer; readonly cert_chain: Buffer };
  remove(): void;
}

/** A private authority and a certificate of 127.0.0.1 by it; a certificate that is its own authority is not accepted. */
export const makeCertificate = (): Certificate => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-certificate-'));
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
  );
  openssl('req', ...key, '-keyout', 'node.key', '-out', 'node.csr', '-subj', '/CN=127.0.0.1');
  writeFileSync(at('node.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n');
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
  openssl('x509', '-req', '-in', 'node.csr', ...by, '-days', '2', '-extfile', 'node.ext', '-out', 'node.pem');
  return {
    ca_file: at('ca.pem'),
    pair: { private_key: readFileSync(at('node.key')), cert_chain: readFileSync(at('node.pem')) },
    remove: () => rmSync(folder, { recursive: true }),
  };
};
