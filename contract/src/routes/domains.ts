import { z } from 'zod'
import { resourceId } from '../names.ts'
import {
  certificateInput,
  certificateView,
  domainBody,
  domainName,
  domainView,
  subdomainName,
  subdomainView,
} from '../resources/domain.ts'
import { route } from '../route.ts'

const tag = 'Domains'
const base = '/domains'
const one = z.object({ domain: domainName })
const path = `${base}/{domain}`
const sub = one.extend({ subdomain: subdomainName })
const subPath = `${path}/subdomains/{subdomain}`

export const listDomains = route({
  id: 'listDomains',
  method: 'GET',
  path: base,
  summary: 'List the domains of the team',
  tag,
  permission: 'read',
  reply: z.object({ domains: z.array(domainView) }),
  paginated: true,
})

export const createDomain = route({
  id: 'createDomain',
  method: 'POST',
  path: base,
  summary: 'Register a domain, with a certificate of its own where one is handed in',
  tag,
  permission: 'admin',
  body: domainBody,
  reply: domainView,
})

export const getDomain = route({
  id: 'getDomain',
  method: 'GET',
  path,
  summary: 'A domain and its subdomains',
  tag,
  permission: 'read',
  params: one,
  reply: domainView.extend({ subdomains: z.array(z.object({ name: z.string(), fullName: z.string() })) }),
})

export const deleteDomain = route({
  id: 'deleteDomain',
  method: 'DELETE',
  path,
  summary:
    'Forget a domain, its subdomains and its imported certificate. Refused while a port answers one of them',
  tag,
  permission: 'admin',
  params: one,
  reply: z.object({}),
})

export const verifyDomain = route({
  id: 'verifyDomain',
  method: 'POST',
  path: `${path}/verify`,
  summary: 'Look for the TXT record that proves a domain',
  tag,
  permission: 'write',
  params: one,
  reply: domainView,
})

export const getDomainCertificate = route({
  id: 'getDomainCertificate',
  method: 'GET',
  path: `${path}/certificate`,
  summary: 'The certificate of a domain without its key, and how the certificates of its hosts stand',
  tag,
  permission: 'read',
  params: one,
  reply: z.object({
    certificateChain: z.string().optional(),
    certificate: z.string().optional(),
    issuerCertificate: z.string().optional(),
    certificates: z.array(certificateView),
  }),
})

export const importDomainCertificate = route({
  id: 'importDomainCertificate',
  method: 'POST',
  path: `${path}/import`,
  summary: 'Import a certificate for a domain; it replaces the one imported before',
  tag,
  permission: 'admin',
  params: one,
  body: z.strictObject({ certificate: certificateInput }),
  reply: certificateView,
})

export const addSubdomain = route({
  id: 'addSubdomain',
  method: 'POST',
  path: `${path}/subdomains`,
  summary: 'Add a subdomain, or the domain itself as -default',
  tag,
  permission: 'write',
  params: one,
  body: z.strictObject({ subdomain: subdomainName }),
  reply: subdomainView,
})

export const getSubdomain = route({
  id: 'getSubdomain',
  method: 'GET',
  path: subPath,
  summary: 'A subdomain: its DNS record, the port that answers it, its certificate',
  tag,
  permission: 'read',
  params: sub,
  reply: subdomainView,
})

export const deleteSubdomain = route({
  id: 'deleteSubdomain',
  method: 'DELETE',
  path: subPath,
  summary: 'Remove a subdomain. Refused while a port answers it',
  tag,
  permission: 'write',
  params: sub,
  reply: z.object({}),
})

export const assignSubdomain = route({
  id: 'assignSubdomain',
  method: 'POST',
  path: `${subPath}/assign`,
  summary: 'Let a public port of a service answer a subdomain',
  tag,
  permission: 'write',
  params: sub,
  body: z.strictObject({
    projectId: resourceId,
    serviceId: resourceId,
    portName: z.string().min(1).max(20),
  }),
  reply: subdomainView,
})

export const unassignSubdomain = route({
  id: 'unassignSubdomain',
  method: 'DELETE',
  path: `${subPath}/assign`,
  summary: 'Take a subdomain from the ports that answer it',
  tag,
  permission: 'write',
  params: sub,
  reply: subdomainView,
})

export const verifySubdomain = route({
  id: 'verifySubdomain',
  method: 'POST',
  path: `${subPath}/verify`,
  summary: 'The same as for its domain, which speaks for all below it',
  tag,
  permission: 'write',
  params: sub,
  reply: subdomainView,
})

export const listCertificates = route({
  id: 'listCertificates',
  method: 'GET',
  path: '/certificates',
  summary: 'Every certificate, whether its domain is registered or not: what is served, what failed and why',
  tag,
  permission: 'read',
  reply: z.object({ certificates: z.array(certificateView) }),
  paginated: true,
})

export const retryCertificate = route({
  id: 'retryCertificate',
  method: 'POST',
  path: '/certificates/{host}/retry',
  summary: 'Try at once again to get the certificate of a host',
  tag,
  permission: 'write',
  params: z.object({ host: domainName }),
  reply: certificateView,
})
