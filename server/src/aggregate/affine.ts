/**
 * How far each row is from the point Σ coefficients[j] · row j, by the rows' squared distances alone: for coefficients that
 * add up to 1, ‖xᵢ − z‖² = Σ cⱼ·Dᵢⱼ − ½ ΣΣ cⱼ·cₖ·Dⱼₖ. Error: about 2^-26 of the rows' spread where the point is a row, as the
 * terms then cancel; what a float32 engine's distances are off adds to it. Time O(n²).
 * @param squared [n · n]
 */
export function distancesFrom(squared: Float64Array, coefficients: Float64Array): Float64Array {
  const n = coefficients.length
  const toEach = new Float64Array(n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) toEach[i]! += coefficients[j]! * squared[i * n + j]!
  const within = toEach.reduce((sum, distance, i) => sum + coefficients[i]! * distance, 0) / 2
  return toEach.map((distance) => Math.sqrt(Math.max(0, distance - within)))
}
