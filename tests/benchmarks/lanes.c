/* The engine's step by hand in C, many paths side by side: structure of arrays, time outside, lanes inside,
   OpenMP threads over groups of lanes. It does the engine's operations in the engine's order, so that with
   -ffp-contract=off each path has the engine's bits. No bootstrap: shocks come from the regimes alone. */

#include <math.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "model.h"

#if defined(__AVX512F__)
#define WIDTH 8
#else
#define WIDTH 4
#endif
#define LANES 64
#define LOW_WORD 0xFFFFFFFFULL
#define UNLIMITED 1e300
#define LOG_LIMIT 600.0
#define NEGLIGIBLE 1e-9
#define ROUND 6755399441055744.0
#define SMALLEST 2.2250738585072014e-308
#define LN2_HIGH 0.6931471803691238
#define LN2_LOW 1.9082149292705877e-10
#define INLINE static inline __attribute__((always_inline))

INLINE double least(double a, double b) { return b < a ? b : a; }
INLINE double most(double a, double b) { return b > a ? b : a; }

INLINE int64_t bits(double x) { int64_t code; memcpy(&code, &x, 8); return code; }
INLINE double from_bits(int64_t code) { double x; memcpy(&x, &code, 8); return x; }

/* a where the switch is on, else b; a switch is all ones or all zeros and the same for every lane, which
   GCC 12 does not vectorise as a condition. */
typedef int64_t Switch;
INLINE Switch on(double value) { return value > 0.5 ? -1 : 0; }
INLINE double choose(Switch s, double a, double b) { return from_bits((bits(a) & s) | (bits(b) & ~s)); }

INLINE double exponential(double x) {
  x = x > -708.0 ? x : -708.0;
  x = x < 709.0 ? x : 709.0;
  const double shifted = x * 1.4426950408889634 + ROUND, n = shifted - ROUND;
  const double r = (x - n * LN2_HIGH) - n * LN2_LOW;
  double p = 2.510038549551032e-08;
  p = p * r + 2.7620088445409746e-07;
  p = p * r + 2.7557268459997064e-06;
  p = p * r + 2.4801521295954376e-05;
  p = p * r + 0.00019841269863053618;
  p = p * r + 0.0013888888917213717;
  p = p * r + 0.008333333333330062;
  p = p * r + 0.04166666666662413;
  p = p * r + 0.16666666666666669;
  p = p * r + 0.5;
  return from_bits(bits((p * (r * r) + r) + 1.0) + (bits(shifted) << 52));
}

INLINE double logarithm(double x) {
  const int64_t code = bits(x), k = (code - 0x3FE6A09E667F3BCDLL) >> 52;
  const double m = from_bits(code - (k << 52)), n = from_bits(k + 0x4338000000000000LL) - ROUND;
  const double f = m - 1.0, s = f / (m + 1.0), z = s * s;
  double p = 0.14616585424888623;
  p = p * z + 0.15331710618210773;
  p = p * z + 0.18182889455674947;
  p = p * z + 0.22222211130259878;
  p = p * z + 0.2857142862600327;
  p = p * z + 0.39999999999899444;
  p = p * z + 0.6666666666666667;
  const double half = 0.5 * f * f;
  return n * LN2_HIGH - ((half - (s * (half + z * p) + n * LN2_LOW)) - f);
}

INLINE double power(double base, double exponent) {
  const double raised = base >= SMALLEST ? exponential(exponent * logarithm(base)) : 0.0;
  return base == 1.0 ? 1.0 : raised;
}

/* A whole number below 2**32 as a double. */
INLINE double number(uint64_t word) { return from_bits((int64_t)(word | 0x4330000000000000ULL)) - 4503599627370496.0; }

INLINE double uniform(uint64_t word) { return (number(word) + 0.5) * 2.3283064365386963e-10; }

INLINE void sine_cosine(uint64_t word, double *sine, double *cosine) {
  const uint64_t turned = word + 0x20000000u, quadrant = turned >> 30;
  const double f = (number(turned & 0x3FFFFFFFu) - 536870912.0) * 1.4629180792671596e-09, z = f * f;
  double p = 1.5918129294866608e-10, q = -1.1382632425521717e-11;
  p = p * z - 2.5051131845003624e-08;
  p = p * z + 2.755731610255244e-06;
  p = p * z - 0.00019841269836758574;
  p = p * z + 0.008333333333330948;
  p = p * z - 0.16666666666666666;
  q = q * z + 2.08761462684032e-09;
  q = q * z - 2.7557317271729793e-07;
  q = q * z + 2.480158729876569e-05;
  q = q * z - 0.0013888888888887398;
  q = q * z + 0.041666666666666664;
  const double s = f * z * p + f, c = z * z * q - 0.5 * z + 1.0;
  const double a = quadrant & 1 ? c : s, b = quadrant & 1 ? s : c;
  *sine = quadrant & 2 ? -a : a;
  *cosine = (quadrant + 1) & 2 ? -b : b;
}

typedef uint64_t Vector __attribute__((vector_size(8 * WIDTH)));

/* The products of the lower halves. */
INLINE Vector product(Vector a, uint64_t m) {
#if defined(__AVX512F__)
  return (Vector)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64((long long)m));
#elif defined(__AVX2__)
  return (Vector)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x((long long)m));
#else
  return (a & LOW_WORD) * m;
#endif
}

/* Ten rounds of Philox 4x32; the words that come back are the lower halves. */
INLINE void philox(Vector c[4], uint64_t seed) {
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
#pragma GCC unroll 10
  for (int round = 0; round < 10; round++) {
    const Vector a = product(c[0], 0xD2511F53u), b = product(c[2], 0xCD9E8D57u);
    c[0] = (b >> 32) ^ c[1] ^ k0;
    c[1] = b;
    c[2] = (a >> 32) ^ c[3] ^ k1;
    c[3] = a;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

/* Path numbers as two words each. */
typedef struct {
  Vector low[LANES / WIDTH], high[LANES / WIDTH];
} Numbers;

/* The first `count` random words of a block, for every lane. */
INLINE void draw(uint64_t (*words)[LANES], int count, const Numbers *path, uint64_t step, uint64_t block,
                 uint64_t seed) {
  for (int g = 0; g < LANES / WIDTH; g++) {
    Vector c[4] = {path->low[g], path->high[g], (Vector){} + step, (Vector){} + block};
    philox(c, seed);
    for (int k = 0; k < count; k++) *(Vector *)(words[k] + g * WIDTH) = c[k] & LOW_WORD;
  }
}

INLINE double by_regime(const double *values, int first, int second) {
  return first ? values[0] : second ? values[1] : values[2];
}

/* Regime, log price and log demand of every lane move (SPEC section 5). */
static void shock(double path[ROWS][LANES], const Shocks *given, uint64_t word[6][LANES]) {
  const Shocks q = *given;
#pragma omp simd
  for (int l = 0; l < LANES; l++) {
    double sine, cosine, jump_sine, jump_cosine;
    const double radius = sqrt(-2.0 * logarithm(uniform(word[0][l])));
    sine_cosine(word[1][l], &sine, &cosine);
    const double jump_radius = sqrt(-2.0 * logarithm(uniform(word[4][l])));
    sine_cosine(word[5][l], &jump_sine, &jump_cosine);
    const double e1 = radius * cosine, e2 = radius * sine, e_jump = jump_radius * jump_cosine;
    const double u_regime = uniform(word[2][l]), u_jump = uniform(word[3][l]);
    const double regime = path[REGIME][l];
    const int calm = u_regime < by_regime(q.to_0, regime < 0.5, regime < 1.5);
    const int stress = u_regime < by_regime(q.to_01, regime < 0.5, regime < 1.5);
    const double moved = q.jump_mean + q.jump_sd * e_jump;
    const double jump = u_jump < by_regime(q.jump, calm, stress) ? moved : 0.0;
    const double z = q.rho * e1 + q.rho_rest * e2;
    const double drift = by_regime(q.drift, calm, stress), spread = by_regime(q.spread, calm, stress);
    const double pull = by_regime(q.pull, calm, stress), noise = by_regime(q.noise, calm, stress);
    path[REGIME][l] = calm ? 0.0 : stress ? 1.0 : 2.0;
    path[X][l] += drift + spread * e1 + jump;
    path[Y][l] = q.keep * path[Y][l] + pull + noise * z + q.jump_demand * jump;
  }
}

/* The twelve rules (SPEC section 3) and the tally, on every lane. What is constant here is the same for all. */
INLINE void step(double path[ROWS][LANES], const Params *given, Inputs i, double least_pay, double number,
                 int fresh, const int has_phi, const int has_eta) {
  const Params p = *given;
  const Switch vault_first = on(p.vault_first), by_schedule = on(p.by_schedule), burn_vault = on(p.burn_vault);
  const Switch overflow_burn = on(p.overflow_burn), all_revenue = on(p.all_revenue), controller = on(p.controller);
  const Switch first = fresh ? -1 : 0;
#pragma omp simd
  for (int l = 0; l < LANES; l++) {
    double u = path[U][l], v = path[V][l], locked = path[L][l], c = path[C][l], k = path[K][l];
    double q = path[Q][l], b = path[B][l], f = path[F][l], n = path[N][l], g = path[GAP][l];
    const double target_before = path[TARGET][l], x = path[X][l];

    const double unlocked = least(i.unlock, locked);
    locked -= unlocked;
    c += unlocked;

    const double price = i.price * exponential(x), per_usd = 1.0 / price;
    const double eased = has_phi ? power(least(1.0, n), p.phi) : 1.0;
    const double demand = i.demand * exponential(path[Y][l]) * eased;

    const double emitted = least(u, i.emission);
    u -= emitted;
    v += emitted;

    const double served = least(demand, n * p.capacity), revenue = i.base * served;

    const double target = p.H0 * target_before * n;
    const int owed = target > SMALLEST;
    const double inverse = 1.0 / target, per_target = owed ? inverse : 0.0;
    const double ratio = revenue * per_target, psi = owed ? ratio : UNLIMITED;

    const double met = least(revenue, target);
    const double need = choose(vault_first, target, target - met);
    const double wanted = need * per_usd;
    const double drawn = least(least(wanted, v), p.release_cap);
    const double unmet = most(need - drawn * price, 0.0), after_vault = drawn < wanted ? unmet : 0.0;
    const double fee_vault_draw = choose(by_schedule, 0.0, least(after_vault, f));
    const double after_fees = after_vault - fee_vault_draw;
    const double released = choose(by_schedule, least(emitted, v), drawn);
    v -= released;
    c += released;
    const double from_revenue = choose(vault_first, least(revenue, after_fees), met);
    const double left = choose(vault_first, after_fees - from_revenue, after_fees);
    const double paid = choose(all_revenue, revenue, from_revenue);
    const double shortfall = choose(by_schedule, most(target - paid - released * price, 0.0), left);
    const double gap = target - met, part = 1.0 - shortfall * per_target, whole = owed ? 0.0 : 1.0;
    const double coverage = shortfall < target ? part : whole;
    f -= fee_vault_draw;

    const double surplus = revenue - paid, budget = p.burn_share * surplus, burn_wanted = budget * per_usd;
    const double burned_market = choose(burn_vault, 0.0, least(burn_wanted, c));
    const double burned_vault = choose(burn_vault, least(burn_wanted, v), 0.0);
    const double burned_unissued = choose(burn_vault, least(burn_wanted - burned_vault, u), 0.0);
    c -= burned_market;
    b += burned_market;
    v -= burned_vault;
    b += burned_vault;
    u -= burned_unissued;
    b += burned_unissued;
    const double onward = surplus - choose(burn_vault, 0.0, budget);
    const double fee_vault_in = least(onward, most(p.fee_cap - f, 0.0));
    f += fee_vault_in;
    const double bought = least((onward - fee_vault_in) * per_usd, c);
    const double overflow = choose(overflow_burn, bought, 0.0), refilled = choose(overflow_burn, 0.0, bought);
    c -= overflow;
    b += overflow;
    c -= refilled;
    v += refilled;

    const double retired = least(p.chi * most(emitted - released, 0.0), v);
    v -= retired;
    b += retired;

    g += p.smooth * (gap * p.per_month - g);
    const double lasts = (v * price + f) / g, runway = g > NEGLIGIBLE * p.H0_month ? lasts : UNLIMITED;
    const double lowered = most(p.k_min, target_before * p.down), raised = least(1.0, target_before * p.up);
    const double held = runway > p.r_max ? raised : target_before;
    const double steered = runway < p.r_min ? lowered : held;
    path[TARGET][l] = choose(controller, steered, target_before);

    const double pay = coverage * target_before;
    if (has_eta) n += p.adjust * (power(pay, p.eta) - n);

    const double stake = p.K0 * n, unstaked = most(k - stake, 0.0), staked = least(most(stake - k, 0.0), c);
    k -= unstaked;
    q += unstaked;
    c -= staked;
    k += staked;
    const double cooled = p.cooled * q;
    q -= cooled;
    c += cooled;

    const double buys = (burned_market + bought) * price;
    const double sells = (p.sell_payout * released + p.sell_unlock * unlocked) * price;
    path[X][l] = least(most(x + p.impact * (buys - sells), -LOG_LIMIT), LOG_LIMIT);

    path[U][l] = u, path[V][l] = v, path[L][l] = locked, path[C][l] = c, path[K][l] = k, path[Q][l] = q;
    path[B][l] = b, path[F][l] = f, path[N][l] = n, path[GAP][l] = g;
    path[PRICE][l] = price, path[DEMAND][l] = demand;
    path[COVERAGE][l] = choose(first, coverage, least(path[COVERAGE][l], coverage));
    path[PAY][l] = choose(first, pay, least(path[PAY][l], pay));
    path[PSI][l] = choose(first, psi, least(path[PSI][l], psi));
    path[RUNWAY][l] = choose(first, runway, least(path[RUNWAY][l], runway));
    path[LOWEST_PAY][l] = least(path[LOWEST_PAY][l], pay);
    path[SHORTFALL_USD][l] += shortfall;
    path[BURNED][l] += burned_market + burned_vault + burned_unissued + overflow;
    path[RETIRED][l] += retired;
    path[EMITTED][l] += emitted;
    path[RELEASED][l] += released;
    path[CIRCULATING][l] = c + k + q;
    const double s0 = path[FIRST_SHORTFALL][l], s1 = path[FIRST_EMPTY][l], s2 = path[FIRST_UNDERPAID][l];
    path[FIRST_SHORTFALL][l] = (s0 == 0.0) & (shortfall > NEGLIGIBLE * target) ? number : s0;
    path[FIRST_EMPTY][l] = (s1 == 0.0) & (v * price + f < NEGLIGIBLE * p.H0_month) ? number : s1;
    path[FIRST_UNDERPAID][l] = (s2 == 0.0) & (pay < least_pay) ? number : s2;
  }
}

typedef void Step(double path[ROWS][LANES], const Params *, Inputs, double, double, int);
#define VARIANT(name, has_phi, has_eta)                                                                      \
  static void name(double path[ROWS][LANES], const Params *p, Inputs i, double least_pay, double number,     \
                   int fresh) {                                                                              \
    step(path, p, i, least_pay, number, fresh, has_phi, has_eta);                                            \
  }
VARIANT(step_plain, 0, 0)
VARIANT(step_phi, 1, 0)
VARIANT(step_eta, 0, 1)
VARIANT(step_both, 1, 1)

static void begin(double path[ROWS][LANES], const Run *run, const Numbers *numbers) {
  uint64_t word[1][LANES] __attribute__((aligned(64)));
  draw(word, 1, numbers, 0, 0, run->seed);
  for (int l = 0; l < LANES; l++) {
    for (int row = 0; row < ROWS; row++) path[row][l] = row < STATES ? run->start[row] : 0.0;
    path[COVERAGE][l] = path[PAY][l] = 1.0;
    path[PSI][l] = path[RUNWAY][l] = path[LOWEST_PAY][l] = UNLIMITED;
    path[CIRCULATING][l] = path[C][l] + path[K][l] + path[Q][l];
    const double u = uniform(word[0][l]);
    path[REGIME][l] = u < run->shocks->start_0 ? 0.0 : u < run->shocks->start_01 ? 1.0 : 2.0;
  }
}

double simulate(const Run *run) {
  Step *const steps[] = {step_plain, step_phi, step_eta, step_both};
  Step *const advance = steps[(run->params->phi != 0.0) + 2 * (run->params->eta > 0.0)];
  double loss = 0.0;
#pragma omp parallel for reduction(+ : loss) schedule(dynamic, 8) num_threads((int)run->threads)
  for (int64_t base = 0; base < run->paths; base += LANES) {
    double path[ROWS][LANES] __attribute__((aligned(64)));
    uint64_t word[6][LANES] __attribute__((aligned(64)));
    Numbers numbers;
    for (int l = 0; l < LANES; l++) {
      const uint64_t number = (uint64_t)(run->first + base + l);
      numbers.low[l / WIDTH][l % WIDTH] = number & LOW_WORD;
      numbers.high[l / WIDTH][l % WIDTH] = number >> 32;
    }
    begin(path, run, &numbers);
    for (int64_t t = 0; t < run->steps; t++) {
      draw(word, 4, &numbers, (uint64_t)(t + 1), 0, run->seed);
      draw(word + 4, 2, &numbers, (uint64_t)(t + 1), 1, run->seed);
      shock(path, run->shocks, word);
      advance(path, run->params, run->inputs[t], run->least_pay, (double)(t + 1), t % run->steps_per_month == 0);
    }
    const int64_t used = run->paths - base < LANES ? run->paths - base : LANES;
    for (int64_t l = 0; l < used; l++) {
      for (int event = 0; event < EVENTS; event++) {
#pragma omp atomic
        run->events[event * (run->steps + 1) + (int64_t)path[FIRST_SHORTFALL + event][l]]++;
      }
      loss += path[SHORTFALL_USD][l];
      for (int row = 0; run->ends && row < ROWS; row++) run->ends[row * run->paths + base + l] = path[row][l];
    }
  }
  return loss;
}
