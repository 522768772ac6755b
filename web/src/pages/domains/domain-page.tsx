import { deleteDomain, getDomain, getDomainCertificate, verifyDomain } from '@fairway/contract/routes/domains'
import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { CopyField } from '../../ui/copy-field.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { usePathParams } from '../path-params.ts'
import { CertificateState, RetryCertificate } from './certificate-state.tsx'
import { ImportCertificate } from './import-certificate.tsx'
import { Subdomains } from './subdomains.tsx'

type Domain = z.output<typeof getDomain.reply>
type Params = { domain: string }

/** A domain: the record that proves it, what answers below it, and its certificates. */
export function DomainPage() {
  const params = usePathParams('domain')
  const query = useQuery(read(getDomain, { params }))
  const isAdmin = useMay('admin')
  const navigate = useNavigate()
  return (
    <Loaded query={query}>
      {(domain) => (
        <>
          <PageTitle title={domain.name} below={<StatusBadge status={domain.status} />}>
            {isAdmin && <ImportCertificate domain={domain.name} />}
            {isAdmin && (
              <DeleteButton
                kind="domain"
                action="Forget"
                name={domain.name}
                what="Its subdomains and its imported certificate go with it. It is refused while a port answers one of them."
                run={() => call(deleteDomain, { params })}
                refresh={['domains']}
                after={() => void navigate({ to: '/team/domains' as never })}
              />
            )}
          </PageTitle>
          <Stack gap="lg">
            {domain.status === 'pending' && <Proof params={params} domain={domain} />}
            <Subdomains domain={domain.name} subdomains={domain.subdomains} />
            <Certificates params={params} />
          </Stack>
        </>
      )}
    </Loaded>
  )
}

function Proof({ params, domain }: { params: Params; domain: Domain }) {
  const mayWrite = useMay('write')
  const verify = useAction({
    run: () => call(verifyDomain, { params }),
    refresh: ['domains'],
    done: 'The record is there: the domain is yours.',
  })
  return (
    <Alert title="Prove that the domain is yours">
      <Stack gap="sm">
        <Text size="sm">
          Make this record at whoever keeps the DNS of {domain.name}, then look for it. New records can take
          minutes to be seen everywhere.
        </Text>
        <Group grow align="flex-start" preventGrowOverflow={false} wrap="wrap">
          <CopyField label="TXT record" value={`${domain.hostname}.${domain.name}`} />
          <CopyField label="Its text" value={domain.token} />
        </Group>
        {mayWrite && (
          <Button
            size="xs"
            style={{ alignSelf: 'flex-start' }}
            loading={verify.isPending}
            onClick={() => verify.mutate()}
          >
            Look for it
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

function Certificates({ params }: { params: Params }) {
  const query = useQuery(read(getDomainCertificate, { params }))
  const mayWrite = useMay('write')
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h4">
        Certificates
      </Title>
      <Loaded query={query}>
        {({ certificates }) =>
          certificates.length === 0 ? (
            <Text size="sm">
              None yet. A host gets one when a port answers it, where an authority is set up.
            </Text>
          ) : (
            <DataTable
              head={['For', 'State', '']}
              minWidth={420}
              rows={certificates.map((certificate) => ({
                key: certificate.id,
                cells: [
                  certificate.hosts.join(', ') || certificate.subject,
                  <CertificateState key="state" certificate={certificate} />,
                  mayWrite && <RetryCertificate key="retry" certificate={certificate} />,
                ],
              }))}
            />
          )
        }
      </Loaded>
    </Stack>
  )
}
