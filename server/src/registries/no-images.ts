import { FairwayError } from '@fairway/contract/errors'
import type { ImageRegistry } from '../reconcile/registry-port.ts'

/** For a runtime that cannot run images: says so before anything is deployed. */
export function createNoImages(): ImageRegistry {
  const refuse = async (): Promise<never> => {
    throw new FairwayError(
      'not_supported',
      'Images cannot run here: the process runtime runs only what is built from a repository. ' +
        'Start Fairway with FAIRWAY_RUNTIME=docker on a host with Docker, or deploy a build.',
    )
  }
  return { resolve: refuse, peek: refuse, tags: refuse }
}
