/** Certificates on disk and in the running worker, which takes new ones without a reload. */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { writeBeside } from '../../lib/write-beside.ts'
import type { GatewayCertificate } from '../../reconcile/traffic-port.ts'
import type { GatewayState, HeldCertificate } from './gateway-state.ts'
import type { MasterSocket } from './master-socket.ts'
import { CERTIFICATE_LIST, type HaproxyFiles } from './settings.ts'

/** `certificate_failed` when the PEM does not hold a certificate and its key. */
export function readCertificate({ name, hosts, pem }: GatewayCertificate): HeldCertificate {
  try {
    const certificate = new X509Certificate(pem)
    if (!certificate.checkPrivateKey(createPrivateKey(pem)))
      throw new Error('the key is of another certificate')
    if (!hosts.every((host) => /^(\*\.)?[a-z0-9][a-z0-9.-]*$/.test(host)))
      throw new Error('a host is not a name')
    return { name, hosts, fingerprint: certificate.fingerprint.replaceAll(':', '') }
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    throw new FairwayError('certificate_failed', `The certificate "${name}" cannot be used.`, {
      detail,
      cause,
    })
  }
}

/** Relative to the state folder, as HAProxy knows it. */
const fileOf = ({ name }: { name: string }): string =>
  `certificates/${createHash('sha256').update(name).digest('hex').slice(0, 32)}.pem`

export async function writeCertificates(
  files: HaproxyFiles,
  certificates: readonly GatewayCertificate[],
): Promise<void> {
  for (const certificate of certificates)
    await writeBeside(files.at(fileOf(certificate)), `${certificate.pem.trim()}\n`)
}

/** The list that a starting worker reads. */
export async function writeCertificateList(
  files: HaproxyFiles,
  { certificates }: GatewayState,
): Promise<void> {
  await mkdir(files.certificates, { recursive: true, mode: 0o700 })
  const lines = certificates.map((held) => `${listLine(held)}\n`)
  await writeBeside(files.certificateList, lines.join(''))
}

export async function removeOtherCertificates(
  files: HaproxyFiles,
  { certificates }: GatewayState,
): Promise<void> {
  const kept = new Set(certificates.map((held) => files.at(fileOf(held))))
  for (const name of await readdir(files.certificates)) {
    const path = join(files.certificates, name)
    if (name.endsWith('.pem') && !kept.has(path)) await rm(path, { force: true })
  }
}

const listLine = (held: HeldCertificate): string => [fileOf(held), ...held.hosts].join(' ')

/** Brings a running worker to the certificates held. Resolves when it says that it has them. */
export async function syncCertificates(
  socket: MasterSocket,
  pid: number,
  { files, state }: { files: HaproxyFiles; state: GatewayState },
): Promise<void> {
  for (const held of state.certificates) await loadCertificate(socket, pid, { files, held })
  const seen = await seenLines(socket, pid)
  const wanted = new Set(state.certificates.map((held) => listLine(held)))
  const have = new Set(seen.map(({ text }) => text))
  for (const text of wanted)
    if (!have.has(text)) await socket.ask(pid, [`add ssl crt-list ${CERTIFICATE_LIST} <<\n${text}\n`])
  for (const { text, path, line } of seen)
    if (!wanted.has(text)) await socket.ask(pid, [`del ssl crt-list ${CERTIFICATE_LIST} ${path}:${line}`])
  const after = new Set((await seenLines(socket, pid)).map(({ text }) => text))
  if (after.size !== wanted.size || [...wanted].some((text) => !after.has(text)))
    throw new FairwayError('traffic_failed', 'HAProxy did not take the certificates; see haproxy.log.')
}

type Loading = { files: HaproxyFiles; held: HeldCertificate }

async function loadCertificate(socket: MasterSocket, pid: number, { files, held }: Loading): Promise<void> {
  const path = fileOf(held)
  const seen = await socket.ask(pid, [`show ssl cert ${path}`])
  if (seen.includes(`SHA1 FingerPrint: ${held.fingerprint}`)) return
  if (!seen.includes('Filename:')) await socket.ask(pid, [`new ssl cert ${path}`])
  const pem = (await readFile(files.at(path), 'utf8')).replace(/\n\s*\n/g, '\n').trim()
  await socket.ask(pid, [`set ssl cert ${path} <<\n${pem}\n`])
  const answer = await socket.ask(pid, [`commit ssl cert ${path}`])
  if (!answer.includes('Success!'))
    throw new FairwayError('traffic_failed', `HAProxy did not take the certificate "${held.name}".`, {
      detail: answer.trim(),
    })
}

async function seenLines(
  socket: MasterSocket,
  pid: number,
): Promise<{ text: string; path: string; line: string }[]> {
  const list = await socket.ask(pid, [`show ssl crt-list -n ${CERTIFICATE_LIST}`])
  return list.split('\n').flatMap((entry) => {
    const [, path, line, hosts = ''] = /^(\S+\.pem):(\d+)\s*(.*)$/.exec(entry) ?? []
    return path === undefined || line === undefined
      ? []
      : [{ text: [path, ...hosts.split(' ').filter((host) => host !== '')].join(' '), path, line }]
  })
}
