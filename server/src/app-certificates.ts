import type { Adapters } from './app-adapters.ts'
import { createAcmeAuthority } from './certificates/acme/acme-authority.ts'
import type { Config } from './config.ts'
import type { Db } from './db/db.ts'
import type { WorkHandlers } from './db/work-loop.ts'
import type { Clock } from './lib/clock.ts'
import type { CrashPoints } from './lib/crash-point.ts'
import type { Log } from './lib/log.ts'
import type { Sealer } from './lib/seal.ts'
import { createCertificateHandler } from './reconcile/certificates.ts'
import { createTlsHandler } from './reconcile/tls.ts'

export type CertificateWorkers = {
  config: Config
  db: Db
  adapters: Pick<Adapters, 'traffic'>
  sealer: Sealer
  clock: Clock
  crash: CrashPoints
  log: Log
  /** Where the API answers: the gateway asks it for the answers to challenges. */
  apiUrl: string
}

/** The workers of certificates. Without a directory nothing is asked for; imported certificates are served all the same. */
export function certificateHandlers({ config, adapters, apiUrl, ...deps }: CertificateWorkers): WorkHandlers {
  const { acme, gateway } = config
  const authority = acme && createAcmeAuthority(acme)
  const { traffic } = adapters
  const settings = {
    issues: authority !== undefined,
    privateAuthority: acme?.ca !== undefined,
    redirect: config.httpsRedirect,
  }
  return {
    tls: {
      concurrency: 1,
      run: createTlsHandler({
        ...deps,
        traffic,
        settings,
        domain: gateway.domain,
        challenge: nearAddress(apiUrl),
      }),
    },
    certificate: { concurrency: 8, run: createCertificateHandler({ ...deps, authority, traffic }) },
  }
}

/** How this machine reaches what listens there. */
function nearAddress(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  return { host: host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host, port: Number(port) }
}
