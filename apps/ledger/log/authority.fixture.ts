import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const CONFIG = `
[req]
distinguished_name = dn
x509_extensions = ext
prompt = no
[dn]
CN = Test authority
[ext]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = one
[one]
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
`;

/** A time-stamping authority (RFC 3161) of openssl: `tsa.cnf`, its key and `tsa.pem` in the folder. Answers openssl there. */
export const makeAuthority = async (folder: string) => {
  const openssl = (words: string) => run('openssl', words.split(' '), { cwd: folder });
  await writeFile(join(folder, 'tsa.cnf'), CONFIG);
  await writeFile(join(folder, 'serial'), '01\n');
  await openssl('req -x509 -newkey rsa:2048 -nodes -days 2 -config tsa.cnf -keyout tsa.key -out tsa.pem');
  return openssl;
};
