import { ApiClient, ApiClientInMemoryContextProvider } from '@northflank/js-client'
import { expect, test } from 'vitest'
import { makeCertificate } from '../lib/test-certificates.ts'
import { withTestApi } from './test-api.ts'

test('the official client registers a domain, gives a name of it to a port, imports a certificate, and takes all back', () =>
  withTestApi(async ({ url, tokens, ok }) => {
    const context = new ApiClientInMemoryContextProvider()
    await context.addContext({ name: 'test', token: tokens.admin, host: url })
    const client = new ApiClient(context, { throwErrorOnHttpErrorCode: true })
    await ok('POST', '/v1/projects', { name: 'shop' })
    await client.create.service.deployment({
      parameters: { projectId: 'shop' },
      data: {
        name: 'web',
        billing: { deploymentPlan: 'nf-compute-20' },
        deployment: { instances: 0 },
        ports: [{ name: 'http', internalPort: 80, public: true, protocol: 'HTTP' }],
      },
    })
    const domain = 'example.com'
    const subdomain = { domain, subdomain: 'shop' }
    const created = await client.create.domain({
      data: { domain, certificates: { mode: 'default' } },
    })
    expect(created.data).toMatchObject({ name: domain, status: 'verified' })
    expect((await client.list.domains({})).data.domains.map(({ name }) => name)).toEqual([domain])
    await client.verify.domain({ parameters: { domain } })
    const added = await client.add.domain.subdomain({
      parameters: { domain },
      data: { subdomain: 'shop' },
    })
    expect(added.data).toMatchObject({ fullName: 'shop.example.com', recordType: 'CNAME', verified: true })
    await client.assign.subdomain.service({
      parameters: subdomain,
      data: { projectId: 'shop', serviceId: 'web', portName: 'http' },
    })
    await client.verify.subdomain({ parameters: subdomain })
    const { certificateChain, privateKey } = makeCertificate(['*.example.com'])
    await client.import.domainCertificate({
      parameters: { domain },
      data: { certificate: { certificateChain, privateKey } },
    })
    const shown = await client.get.subdomain({ parameters: subdomain })
    expect(shown.data.certificate).toMatchObject({ inProgress: false, expiryDate: expect.any(String) })
    const certificate = await client.get.domainCertificate({ parameters: { domain } })
    expect(certificate.data.certificate).toContain('BEGIN CERTIFICATE')
    await client.unassign.subdomain({ parameters: subdomain })
    await client.delete.subdomain({ parameters: subdomain })
    await client.delete.domain({ parameters: { domain } })
    expect((await client.list.domains({})).data.domains).toEqual([])
  }))
