import type { Plan } from '@panal/client-core'

/**
 * How far so many local steps carry one gradient, in units of learning rate · gradient: with momentum a step goes on in all
 * later ones, and a proximal term draws it back. Adam's steps are all of about the same length, as plain SGD's are taken to be.
 * Source: Wang et al. 2020, arXiv:2007.07481, ‖aᵢ‖₁ in section 4
 */
export function effectiveSteps({
  optimizer,
  learningRate,
  proximalTerm = 0,
}: Pick<Plan, 'optimizer' | 'learningRate' | 'proximalTerm'>): (numSteps: number) => number {
  const momentum = optimizer.name === 'sgd' ? (optimizer.momentum ?? 0) : 0
  if (momentum > 0) return (steps) => (steps - (momentum * (1 - momentum ** steps)) / (1 - momentum)) / (1 - momentum)
  const drawnBack = learningRate * proximalTerm
  if (drawnBack > 0 && drawnBack < 1) return (steps) => (1 - (1 - drawnBack) ** steps) / drawnBack
  return (steps) => steps
}
