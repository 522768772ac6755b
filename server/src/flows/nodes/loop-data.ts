import { done, failed } from '../model.ts'
import { defineNode } from '../node.ts'

/** Gives the item and the number of the iteration it stands in a ref. */
export const loopDataNode = defineNode<unknown, unknown>({
  kind: 'LoopData',
  async step(_tx, { loop }) {
    if (loop === undefined) return failed('invalid_document', 'LoopData has a meaning only inside a loop.')
    return done({ item: loop.item, index: loop.index })
  },
})
