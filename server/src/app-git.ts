import { join } from 'node:path'
import type { Db } from './db/db.ts'
import { createHostReporter } from './hosts/host-reporter.ts'
import type { Sealer } from './lib/seal.ts'
import { credentialsFor } from './operations/git-accounts/open.ts'
import type { Source } from './reconcile/builder-port.ts'
import type { GitReader } from './reconcile/git-port.ts'
import { type DocumentRepository, MAX_DOCUMENT_FILE_BYTES } from './reconcile/gitops-port.ts'
import type { HostReporter } from './reconcile/host-reporter-port.ts'
import { createDocumentRepository } from './sources/git/document-repository.ts'
import { createGitReader } from './sources/git/git-reader.ts'
import { createGitSource } from './sources/git/source.ts'

export type GitParts = {
  source: Source
  git: GitReader
  documents: DocumentRepository
  hostReporter: HostReporter
}

/** What reads repositories and tells their hosts, signed in by the accounts of the database. */
export function openGit({ db, sealer, root }: { db: Db; sealer: Sealer; root: string }): GitParts {
  const credentialsOf = (url: string) => credentialsFor(db, sealer, url)
  return {
    source: createGitSource(credentialsOf),
    git: createGitReader({ root, credentialsOf }),
    documents: createDocumentRepository({
      root: join(root, 'documents'),
      credentialsOf,
      maxBytes: MAX_DOCUMENT_FILE_BYTES,
    }),
    hostReporter: createHostReporter(),
  }
}
