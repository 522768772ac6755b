/** For tests: certificates by an authority of their own, made by `openssl`. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type TestCertificate = { certificateChain: string; privateKey: string }

/** `days`: from when, and until when, counted from now. */
export function makeCertificate(
  hosts: readonly string[],
  { days = [-1, 90] }: { days?: readonly [number, number] } = {},
): TestCertificate & { root: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fairway-certificate-'))
  const at = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  try {
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-subj',
      '/CN=Test root',
      '-days',
      '3650',
    )
    openssl('req', ...newKey, '-keyout', 'key', '-out', 'csr', '-subj', '/CN=test')
    writeFileSync(at('index.txt'), '')
    writeFileSync(at('serial'), '01')
    writeFileSync(at('ca.cnf'), configOf(hosts))
    const times = ['-startdate', timeOf(days[0]), '-enddate', timeOf(days[1])]
    openssl('ca', '-batch', '-config', 'ca.cnf', '-in', 'csr', '-out', 'crt', '-notext', ...times)
    const [leaf, root] = [readFileSync(at('crt'), 'utf8'), readFileSync(at('ca.crt'), 'utf8')]
    return { certificateChain: leaf + root, privateKey: readFileSync(at('key'), 'utf8'), root }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const timeOf = (days: number): string =>
  `${new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '')}`

const configOf = (hosts: readonly string[]): string => `
[ca]
default_ca = test
[test]
database = index.txt
new_certs_dir = .
serial = serial
certificate = ca.crt
private_key = ca.key
default_md = sha256
policy = anything
x509_extensions = names
[anything]
commonName = supplied
[names]
subjectAltName = ${hosts.map((host) => `DNS:${host}`).join(',')}
`
