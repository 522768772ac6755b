import { z } from 'zod'

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
const inSmallLetters = z.string().trim().toLowerCase().max(253)

/** A domain such as `example.com`, in small letters. */
export const domainName = inSmallLetters.regex(
  new RegExp(`^(${LABEL}\\.)*${LABEL}$`),
  'must be a domain such as example.com',
)

/** How the domain itself is called among its subdomains. */
export const WHOLE_DOMAIN = '-default'

/** What stands before a domain: `shop`, `a.b`, `*`; `-default` or nothing for the domain itself. */
export const subdomainName = z
  .union([
    z.literal('').transform(() => WHOLE_DOMAIN),
    z.literal(WHOLE_DOMAIN),
    inSmallLetters.regex(
      new RegExp(`^(\\*|(\\*\\.)?(${LABEL}\\.)*${LABEL})$`),
      'must be what stands before the domain, for instance shop, or -default for the domain itself',
    ),
  ])
  .describe('what stands before the domain; -default: the domain itself')

/** The host that a subdomain stands for. */
export const fullNameOf = (domain: string, subdomain: string): string =>
  subdomain === WHOLE_DOMAIN ? domain : `${subdomain}.${domain}`

const pem = z.string().min(1).max(100_000)

/** A certificate made elsewhere, in PEM. */
export const certificateInput = z.strictObject({
  privateKey: pem.describe('without a pass phrase; it is sealed and never shown again'),
  certificateChain: pem.describe('the certificate first, then those that signed it'),
})
export type CertificateInput = z.output<typeof certificateInput>

export const domainBody = z
  .strictObject({
    domain: domainName,
    redirect: z.strictObject({ mode: z.literal('default').default('default') }).optional(),
    certificates: z
      .strictObject({
        mode: z
          .enum(['default', 'wildcard-import'])
          .default('default')
          .describe('default: one for each host; wildcard-import: the one that is handed in'),
        certificateInput: certificateInput.optional(),
      })
      .prefault({}),
  })
  .superRefine(({ certificates: { mode, certificateInput: input } }, context) => {
    if ((mode === 'wildcard-import') === (input !== undefined)) return
    const message =
      mode === 'default' ? 'belongs to the mode wildcard-import' : 'is required for wildcard-import'
    context.addIssue({ code: 'custom', path: ['certificates', 'certificateInput'], message })
  })
export type DomainBody = z.output<typeof domainBody>

export const domainStatuses = ['pending', 'verified'] as const

/** `hostname` is the label below the domain that holds the TXT record, `token` what the record says. */
export const domainView = z.object({
  name: z.string(),
  status: z.enum(domainStatuses),
  hostname: z.string(),
  token: z.string(),
  redirect: z.object({ mode: z.string() }),
  certificates: z.object({
    mode: z.enum(['default', 'wildcard-import']),
    status: z.object({ expiryDate: z.string() }).optional(),
  }),
  createdAt: z.string(),
})

const time = z.string().nullable()

/** How a certificate stands. Its key is never shown. */
export const certificateView = z.object({
  id: z.string(),
  source: z.enum(['acme', 'imported']),
  subject: z.string().describe('the host it is kept up for, or the domain it was imported for'),
  hosts: z.array(z.string()),
  status: z.enum(['pending', 'issuing', 'active', 'renewing', 'failed', 'expired']),
  version: z.number().nullable().describe('the one that is served'),
  issuer: z.string().nullable(),
  serial: z.string().nullable(),
  fingerprint: z.string().nullable().describe('SHA-256'),
  notBefore: time,
  notAfter: time,
  renewsAt: time.describe('when it is renewed by itself'),
  attempts: z.number().describe('failures since it was last issued'),
  reason: z.string().nullable().describe('why the last attempt failed'),
  nextTryAt: time,
  updatedAt: z.string(),
})
export type CertificateView = z.output<typeof certificateView>

export const subdomainView = z.object({
  recordType: z.string().describe('of the DNS record to make'),
  name: z.string(),
  fullName: z.string(),
  content: z.string().describe('what the DNS record points to'),
  verified: z.boolean(),
  assigned: z
    .object({ projectId: z.string(), serviceId: z.string(), portName: z.string() })
    .nullable()
    .describe('the port that answers it'),
  certificate: z.object({
    inProgress: z.boolean(),
    expiryDate: z.string().optional(),
    refreshDate: z.string().optional(),
    status: z.string().optional(),
    reason: z.string().optional(),
    nextTryAt: z.string().optional(),
  }),
})
