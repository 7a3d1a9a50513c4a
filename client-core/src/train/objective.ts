import {
  abs,
  add,
  clipByValue,
  concat2d,
  customGrad,
  exp,
  log,
  logSoftmax,
  mean,
  minimum,
  mul,
  neg,
  relu,
  sigmoid,
  sign,
  softmax,
  square,
  sub,
  sum,
  type Scalar,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core'
import type { Loss } from '../protocol/task.ts'

/** A loss over logits. All calls inside `tidy`. */
export interface Objective {
  /** Class indices to what `loss` compares with: one-hot [n, classes], or [n, 1] of 0 and 1. Row-major. */
  targets(classes: Int32Array, numClasses: number): { values: Float32Array; width: number }
  /** Mean over the batch. Its gradient uses `targets` again: they must outlive the forward pass. */
  loss(logits: Tensor2D, targets: Tensor2D): Scalar
  /** Logits to class probabilities [n, classes]: those of the model's own last layer, and of a sigmoid both sides. */
  probabilities(logits: Tensor2D): Tensor2D
}

/** A mean loss with its gradient given in closed form: shorter to compute than the one traced through its parts. */
const withGradient = (
  logits: Tensor2D,
  value: (logits: Tensor2D) => Scalar,
  gradient: (logits: Tensor2D) => Tensor,
): Scalar =>
  customGrad((input, save) => {
    const z = input as Tensor2D
    ;(save as (tensors: Tensor[]) => void)([z])
    return { value: value(z), gradFunc: (dy: Scalar, [saved]: Tensor[]) => mul(gradient(saved as Tensor2D), dy) }
  })(logits)

const categorical: Objective = {
  targets(classes, numClasses) {
    const values = new Float32Array(classes.length * numClasses)
    classes.forEach((label, row) => (values[row * numClasses + label] = 1))
    return { values, width: numClasses }
  },
  // −Σ y·log softmax(z) / n, whose gradient is (softmax(z) − y) / n.
  loss: (logits, targets) =>
    withGradient(
      logits,
      (z) => mul(sum(mul(logSoftmax(z), targets)), -1 / z.shape[0]),
      (z) => mul(sub(softmax(z), targets), 1 / z.shape[0]),
    ),
  probabilities: (logits) => softmax(logits),
}

const binary: Objective = {
  targets: (classes) => ({ values: Float32Array.from(classes), width: 1 }),
  // Σ max(z, 0) − z·y + log(1 + e^−|z|), over n: never the logarithm of a rounded 0. The gradient is (σ(z) − y) / n.
  loss: (logits, targets) =>
    withGradient(
      logits,
      (z) => mul(sum(add(sub(relu(z), mul(z, targets)), log(add(1, exp(neg(abs(z))))))), 1 / z.shape[0]),
      (z) => mul(sub(sigmoid(z), targets), 1 / z.shape[0]),
    ),
  // 1 − p of a p that was rounded to 1 would be 0, and its logit lost.
  probabilities: (logits) => concat2d([sigmoid(neg(logits)), sigmoid(logits)], 1),
}

/**
 * A mean over examples and classes of what the differences between probabilities and targets cost. Its gradient by the logits:
 * p·(g − Σ g·p), where g is that by the probabilities p.
 */
const ofProbabilities = (cost: (d: Tensor) => Tensor, slope: (d: Tensor) => Tensor): Objective => ({
  ...categorical,
  loss: (logits, targets) =>
    withGradient(
      logits,
      (z) => mean(cost(sub(softmax(z), targets))),
      (z) => {
        const p = softmax(z)
        const g = mul(slope(sub(p, targets)), 1 / z.size)
        return mul(p, sub(g, sum(mul(g, p), 1, true)))
      },
    ),
})

/** Squares up to here, absolute values beyond. */
export const huberDelta = 1

/** d²/2 where |d| ≤ δ, else δ·(|d| − δ/2): with c = min(|d|, δ) both are c·(|d| − c/2). */
const huber = ofProbabilities(
  (d) => {
    const size = abs(d)
    const curved = minimum(size, huberDelta)
    return mul(curved, sub(size, mul(curved, 0.5)))
  },
  (d) => clipByValue(d, -huberDelta, huberDelta),
)

export const objectives = {
  'categorical-crossentropy': categorical,
  'binary-crossentropy': binary,
  // Brier 1950; over two classes half its sum.
  'mean-squared-error': ofProbabilities(square, (d) => mul(d, 2)),
  // Forgives wrong labels. Ghosh et al. 2017, arXiv:1712.09482
  'mean-absolute-error': ofProbabilities(abs, sign),
  // Huber 1964. Two probabilities are never more than δ = 1 apart: it is half the mean squared error, and half its gradient.
  huber,
} as const satisfies Record<Loss, Objective>
