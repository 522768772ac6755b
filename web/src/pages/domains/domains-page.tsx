import { domainBody } from '@fairway/contract/resources/domain'
import { createDomain, listCertificates, listDomains } from '@fairway/contract/routes/domains'
import { Anchor, Text, TextInput, Title } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { queryClient, read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { CertificateState, RetryCertificate } from './certificate-state.tsx'

/** The domains of the team, and every certificate. */
export function DomainsPage() {
  const query = useQuery(read(listDomains, { query: WHOLE_LIST }))
  const isAdmin = useMay('admin')
  return (
    <>
      <PageTitle title="Domains">{isAdmin && <NewDomain />}</PageTitle>
      <Loaded query={query}>
        {({ domains }) =>
          domains.length === 0 ? (
            <Empty title="No domain is registered">
              Register a domain that you own, and public ports of services answer below it, with certificates
              that Fairway gets and renews.
            </Empty>
          ) : (
            <DataTable
              head={['Domain', 'State', 'Certificates', 'Registered']}
              rows={domains.map(({ name, status, certificates, createdAt }) => ({
                key: name,
                cells: [
                  <Anchor key="name" component={Link} to={`/team/domains/${name}`} inherit>
                    {name}
                  </Anchor>,
                  <StatusBadge key="state" status={status} />,
                  certificates.mode === 'default' ? 'one for each host' : 'imported',
                  <Ago key="registered" at={createdAt} />,
                ],
              }))}
            />
          )
        }
      </Loaded>
      <Certificates />
    </>
  )
}

function NewDomain() {
  const navigate = useNavigate()
  return (
    <DialogButton
      label="Register a domain"
      icon={<IconPlus size={16} />}
      action="Register"
      schema={domainBody}
      initial={{ domain: '' }}
      fields={['domain']}
      run={async (body) => {
        const { name } = await call(createDomain, { body })
        await queryClient.invalidateQueries({ queryKey: ['domains'] })
        await navigate({ to: `/team/domains/${name}` as never })
      }}
    >
      {({ value, set, problem }) => (
        <>
          <TextInput
            label="Domain"
            placeholder="example.com"
            withAsterisk
            data-autofocus
            value={value.domain}
            error={problem('domain')}
            onChange={(event) => set({ domain: event.currentTarget.value })}
          />
          <Text size="sm" c="dimmed">
            The next page says which DNS records to make.
          </Text>
        </>
      )}
    </DialogButton>
  )
}

/** Every certificate there is, whether its domain is registered or not. */
function Certificates() {
  const { data } = useQuery(read(listCertificates, { query: WHOLE_LIST }))
  const mayWrite = useMay('write')
  if (data === undefined || data.certificates.length === 0) return null
  return (
    <>
      <Title order={2} size="h4" mt="lg" mb="xs">
        Certificates
      </Title>
      <DataTable
        head={['For', 'Made by', 'State', '']}
        rows={data.certificates.map((certificate) => ({
          key: certificate.id,
          cells: [
            certificate.hosts.join(', ') || certificate.subject,
            certificate.source === 'imported' ? 'imported' : (certificate.issuer ?? 'an authority'),
            <CertificateState key="state" certificate={certificate} />,
            mayWrite && <RetryCertificate key="retry" certificate={certificate} />,
          ],
        }))}
      />
    </>
  )
}
