/* The engine's model as a textbook would write it in C: one path after the other, branches where the rules
   have conditions, the C library's exp, log, pow, sin and cos, OpenMP over paths. The random words are the
   engine's, so its paths are the engine's up to the last digits of those functions. No bootstrap. */

#include <math.h>
#include <stdbool.h>

#include "model.h"

#define UNLIMITED 1e300
#define NEGLIGIBLE 1e-9
#define PI 3.14159265358979323846

typedef struct {
  double u, v, locked, c, k, q, b, f, n, target, gap, x, y;
} State;

typedef struct {
  double price, demand, coverage, pay, psi, runway, lowest_pay, shortfall, burned, retired, emitted, released;
  double circulating, first_shortfall, first_empty, first_underpaid;
} Tally;

static void philox(uint32_t c[4], uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 10; round++) {
    uint64_t a = (uint64_t)c[0] * 0xD2511F53u, b = (uint64_t)c[2] * 0xCD9E8D57u;
    c[0] = (uint32_t)(b >> 32) ^ c[1] ^ k0;
    c[1] = (uint32_t)b;
    c[2] = (uint32_t)(a >> 32) ^ c[3] ^ k1;
    c[3] = (uint32_t)a;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

static void words(uint32_t c[4], const Run *run, uint64_t path, uint32_t step, uint32_t block) {
  c[0] = (uint32_t)path;
  c[1] = (uint32_t)(path >> 32);
  c[2] = step;
  c[3] = block;
  philox(c, (uint32_t)run->seed, (uint32_t)(run->seed >> 32));
}

static double uniform(uint32_t word) { return (word + 0.5) / 4294967296.0; }

static void normals(uint32_t word0, uint32_t word1, double *first, double *second) {
  double radius = sqrt(-2.0 * log(uniform(word0))), angle = 2.0 * PI * word1 / 4294967296.0;
  *first = radius * cos(angle);
  *second = radius * sin(angle);
}

static int shock(State *s, int regime, const Shocks *q, const Run *run, uint64_t path, uint32_t step) {
  uint32_t a[4], b[4];
  double e1, e2, jump = 0.0;
  words(a, run, path, step, 0);
  normals(a[0], a[1], &e1, &e2);

  double u = uniform(a[2]);
  regime = u < q->to_0[regime] ? 0 : u < q->to_01[regime] ? 1 : 2;
  if (uniform(a[3]) < q->jump[regime]) {
    double size, unused;
    words(b, run, path, step, 1);
    normals(b[0], b[1], &size, &unused);
    jump = q->jump_mean + q->jump_sd * size;
  }
  s->x += q->drift[regime] + q->spread[regime] * e1 + jump;
  s->y = q->keep * s->y + q->pull[regime] + q->noise[regime] * (q->rho * e1 + q->rho_rest * e2)
         + q->jump_demand * jump;
  return regime;
}

static void step(State *s, Tally *o, const Params *p, const Inputs *i, double least_pay, int64_t number, bool fresh) {
  double unlocked = fmin(i->unlock, s->locked);
  s->locked -= unlocked;
  s->c += unlocked;

  double price = i->price * exp(s->x);
  double demand = i->demand * exp(s->y);
  if (p->phi > 0.0) demand *= pow(fmin(1.0, s->n), p->phi);

  double emitted = fmin(s->u, i->emission);
  s->u -= emitted;
  s->v += emitted;

  double revenue = i->base * fmin(demand, s->n * p->capacity);
  double target = p->H0 * s->target * s->n;
  double psi = target > 0.0 ? revenue / target : UNLIMITED;

  double met = fmin(revenue, target), paid, released, shortfall;
  if (p->by_schedule > 0.5) {
    released = fmin(emitted, s->v);
    paid = p->all_revenue > 0.5 ? revenue : met;
    shortfall = fmax(target - paid - released * price, 0.0);
  } else {
    double need = p->vault_first > 0.5 ? target : target - met;
    double wanted = need / price;
    released = fmin(fmin(wanted, s->v), p->release_cap);
    double after = released < wanted ? fmax(need - released * price, 0.0) : 0.0;
    double draw = fmin(after, s->f);
    s->f -= draw;
    after -= draw;
    paid = p->vault_first > 0.5 ? fmin(revenue, after) : met;
    shortfall = p->vault_first > 0.5 ? after - paid : after;
  }
  s->v -= released;
  s->c += released;
  double coverage = target > 0.0 ? 1.0 - shortfall / target : 1.0;

  double surplus = revenue - paid, budget = p->burn_share * surplus, onward = surplus;
  double burned = 0.0, bought = 0.0;
  if (p->burn_vault > 0.5) {
    double from_vault = fmin(budget / price, s->v);
    double unissued = fmin(budget / price - from_vault, s->u);
    s->v -= from_vault;
    s->u -= unissued;
    burned = from_vault + unissued;
  } else {
    bought = burned = fmin(budget / price, s->c);
    s->c -= burned;
    onward -= budget;
  }
  double kept = fmin(onward, fmax(p->fee_cap - s->f, 0.0));
  s->f += kept;
  if (onward > kept) {
    double more = fmin((onward - kept) / price, s->c);
    s->c -= more;
    bought += more;
    if (p->overflow_burn > 0.5)
      burned += more;
    else
      s->v += more;
  }
  double retired = fmin(p->chi * fmax(emitted - released, 0.0), s->v);
  s->v -= retired;
  s->b += burned + retired;

  double pay = coverage * s->target;
  s->gap += p->smooth * ((target - met) * p->per_month - s->gap);
  double runway = s->gap > NEGLIGIBLE * p->H0_month ? (s->v * price + s->f) / s->gap : UNLIMITED;
  if (p->controller > 0.5) {
    if (runway < p->r_min)
      s->target = fmax(p->k_min, s->target * p->down);
    else if (runway > p->r_max)
      s->target = fmin(1.0, s->target * p->up);
  }

  if (p->eta > 0.0) s->n += p->adjust * (pow(pay, p->eta) - s->n);
  double stake = p->K0 * s->n;
  if (stake < s->k) {
    s->q += s->k - stake;
    s->k = stake;
  } else {
    double staked = fmin(stake - s->k, s->c);
    s->c -= staked;
    s->k += staked;
  }
  double cooled = p->cooled * s->q;
  s->q -= cooled;
  s->c += cooled;

  if (p->impact > 0.0) {
    double sold = p->sell_payout * released + p->sell_unlock * unlocked;
    s->x = fmin(fmax(s->x + p->impact * (bought - sold) * price, -600.0), 600.0);
  }

  o->price = price;
  o->demand = demand;
  o->coverage = fresh ? coverage : fmin(o->coverage, coverage);
  o->pay = fresh ? pay : fmin(o->pay, pay);
  o->psi = fresh ? psi : fmin(o->psi, psi);
  o->runway = fresh ? runway : fmin(o->runway, runway);
  o->lowest_pay = fmin(o->lowest_pay, pay);
  o->shortfall += shortfall;
  o->burned += burned;
  o->retired += retired;
  o->emitted += emitted;
  o->released += released;
  o->circulating = s->c + s->k + s->q;
  if (o->first_shortfall == 0 && shortfall > NEGLIGIBLE * target) o->first_shortfall = number;
  if (o->first_empty == 0 && s->v * price + s->f < NEGLIGIBLE * p->H0_month) o->first_empty = number;
  if (o->first_underpaid == 0 && pay < least_pay) o->first_underpaid = number;
}

double simulate(const Run *run) {
  double loss = 0.0;
#pragma omp parallel for reduction(+ : loss) schedule(dynamic, 1024) num_threads((int)run->threads)
  for (int64_t index = 0; index < run->paths; index++) {
    uint64_t path = (uint64_t)(run->first + index);
    State s = *(const State *)run->start;
    Tally o = {.coverage = 1, .pay = 1, .psi = UNLIMITED, .runway = UNLIMITED, .lowest_pay = UNLIMITED};
    uint32_t start[4];
    words(start, run, path, 0, 0);
    double u = uniform(start[0]);
    int regime = u < run->shocks->start_0 ? 0 : u < run->shocks->start_01 ? 1 : 2;
    for (int64_t t = 0; t < run->steps; t++) {
      regime = shock(&s, regime, run->shocks, run, path, (uint32_t)(t + 1));
      step(&s, &o, run->params, run->inputs + t, run->least_pay, t + 1, t % run->steps_per_month == 0);
    }
    const double numbers[ROWS] = {
      s.u, s.v, s.locked, s.c, s.k, s.q, s.b, s.f, s.n, s.target, s.gap, s.x, s.y,
      o.price, o.demand, o.coverage, o.pay, o.psi, o.runway, o.lowest_pay, o.shortfall, o.burned, o.retired,
      o.emitted, o.released, o.circulating, o.first_shortfall, o.first_empty, o.first_underpaid, regime};
    for (int event = 0; event < EVENTS; event++) {
#pragma omp atomic
      run->events[event * (run->steps + 1) + (int64_t)numbers[FIRST_SHORTFALL + event]]++;
    }
    loss += o.shortfall;
    for (int row = 0; run->ends && row < ROWS; row++) run->ends[row * run->paths + index] = numbers[row];
  }
  return loss;
}
