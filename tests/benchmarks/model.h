/* What the two C baselines share: the numbers of a run, in the order of the engine's records (Params in
   models/economy.py, ShockParams in models/shocks.py), and what is kept of the paths. */

#include <stdint.h>

typedef struct {
  double H0, H0_month, per_month, by_schedule, all_revenue, vault_first, burn_share, burn_vault, fee_cap, overflow_burn;
  double chi, release_cap, smooth, controller, r_min, r_max, down, up, k_min, eta, adjust, phi, capacity, K0;
  double cooled, impact, sell_payout, sell_unlock;
} Params;

typedef struct {
  double start_0, start_01;
  double to_0[3], to_01[3]; /* by the regime before the step */
  double drift[3], spread[3], jump[3], pull[3], noise[3]; /* by the regime of the step */
  double jump_mean, jump_sd, jump_demand, rho, rho_rest, keep, from_history;
} Shocks;

typedef struct {
  double unlock, emission, price, demand, base;
} Inputs;

/* The numbers of a path, in the order of path.ROWS: the state U .. y, the tally, the regime. */
enum {
  U, V, L, C, K, Q, B, F, N, TARGET, GAP, X, Y,
  PRICE, DEMAND, COVERAGE, PAY, PSI, RUNWAY, LOWEST_PAY, SHORTFALL_USD, BURNED, RETIRED, EMITTED, RELEASED,
  CIRCULATING, FIRST_SHORTFALL, FIRST_EMPTY, FIRST_UNDERPAID, REGIME, ROWS
};
enum { STATES = 13, EVENTS = 3 };

typedef struct {
  int64_t first, paths, steps, steps_per_month, threads;
  uint64_t seed;
  double least_pay;
  const double *start;
  const Params *params;
  const Shocks *shocks;
  const Inputs *inputs;
  int64_t *events; /* [EVENTS][steps + 1]: paths by the step of each event, 0: it did not happen */
  double *ends;    /* [ROWS][paths] after the last step, or null */
} Run;

/* Adds `run->paths` paths to `run->events`; gives the USD that they stayed short of, summed. */
double simulate(const Run *run);
