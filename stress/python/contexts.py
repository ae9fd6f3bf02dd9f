"""Contexts are values: copies made, run and read in many threads keep what they were made with, plus their own writes."""

import contextvars
import gc

import common

VARIABLES = [contextvars.ContextVar("v%d" % i) for i in range(100)]
STEPS = 60


def expect(context, model, what):
    common.equal(len(context), len(model), what + ": length")
    common.equal(dict(context.items()), model, what)
    for variable in VARIABLES[::7]:
        common.equal(context.get(variable, "none"), model.get(variable, "none"), what + ": one variable")
        common.equal(variable in context, variable in model, what + ": membership")


def write(random, model, worker):
    """Runs within a context: changes it and the model alike, now and then back again."""
    tokens = []
    before = dict(model)
    undo = random.below(3) == 0
    for i in range(random.below(12)):
        variable = random.choice(VARIABLES)
        value = worker, i
        tokens.append((variable, variable.set(value)))
        model[variable] = value
        common.equal(variable.get(), value, "after set")
    if undo:
        for variable, token in reversed(tokens):
            variable.reset(token)
        model.clear()
        model.update(before)
    for variable, token in tokens[:1]:
        try:
            contextvars.Context().run(variable.reset, token)
            common.fail("a token of another context was accepted")
        except (ValueError, RuntimeError):
            pass


def body(n):
    random = common.rng(n)
    base = contextvars.Context()
    base_model = {}
    base.run(write, random, base_model, "base")
    # Each place has a context that nobody changes any more and what is in it: threads take, copy and replace.
    places = [(base, base_model)] * 8
    turns = contextvars.Context()
    counter = contextvars.ContextVar("counter", default=0)

    def count():
        value = counter.get()
        counter.set(value + 1)

    def worker(index):
        random = common.rng(n * 100 + index)
        counted = 0
        for i in range(STEPS):
            context, model = random.choice(places)
            expect(context, model, "a shared context")
            ours, our_model = context.copy(), dict(model)
            common.check(ours == context, "a copy is equal")
            iterator = iter(context.items())
            ours.run(write, random, our_model, index)
            expect(ours, our_model, "our copy")
            expect(context, model, "the original")
            common.equal(ours == context, our_model == model, "equality")
            common.equal(dict(iterator), model, "an older iterator")
            places[random.below(len(places))] = ours, our_model
            try:
                turns.run(count)
                counted += 1
            except RuntimeError as error:  # one thread at a time
                common.check("already entered" in str(error), error)
        return counted

    def reader(index):
        # What is being written in another thread: any of the states it went through.
        for i in range(STEPS):
            value = turns.get(counter, 0)
            common.check(value <= turns.get(counter, 0), "the count went back")
            common.check(len(turns) <= 1 and len(list(turns.values())) <= 1, "one variable")

    counted = common.run_threads(worker, extra=[reader])
    common.equal(turns.get(counter, 0), sum(counted[:-1]), "runs that count")
    expect(base, base_model, "the first context")


def shared_iterator(n):
    context = contextvars.Context()
    for variable in VARIABLES:
        context.run(variable.set, variable.name)
    iterator = context.values()
    parts = common.run_threads(lambda index: list(iterator))
    common.equal(sorted(sum(parts, [])), sorted(variable.name for variable in VARIABLES), "each value once")


def first_context(n):
    """What a thread starts in is entered by that thread for good; only the collector shows it to others."""
    token = VARIABLES[0].set(n)
    (context,) = (x for x in gc.get_referents(token) if isinstance(x, contextvars.Context))

    def worker(index):
        try:
            context.run(VARIABLES[1].set, index)
            common.fail("a context was entered twice")
        except RuntimeError as error:
            common.check("already entered" in str(error), error)

    common.run_threads(worker)
    common.check(VARIABLES[1] not in context, "a variable from elsewhere")
    VARIABLES[0].reset(token)


def both(n):
    body(n)
    shared_iterator(n)
    first_context(n)


common.main(lambda: common.phases(both))
