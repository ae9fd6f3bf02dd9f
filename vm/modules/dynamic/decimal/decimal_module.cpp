// The module: names, constants, what is registered where.
#include "vm/modules/dynamic/decimal/decimal.h"

namespace pt::decimal {
namespace {

constinit Value g_tuple_class;  // decimal.DecimalTuple; immortal, made by the first import

bool make_tuple_class(Module* module) {
  if (g_tuple_class.empty()) {
    Ref<> factory = import_attribute("collections", "namedtuple");
    Ref<Str> name = str_from_ascii("DecimalTuple"), fields = str_from_ascii("sign digits exponent"),
             home = str_from_ascii("decimal");
    if (!factory || !name || !fields || !home) return false;
    Ref<> made = call_keywords(factory.value(), {name.value(), fields.value(), home.value()}, {"module"});
    if (!made) return false;
    make_immortal(made.value().as_object());
    g_tuple_class = made.take();
  }
  return dict_set_text(module_dict(module), "DecimalTuple", g_tuple_class);
}

bool register_number() {
  Ref<> number = import_attribute("numbers", "Number");
  return number && call_method(number.value(), "register", {Value::object(&decimal_type)});
}

constexpr IntConstant kConstants[] = {
    {"MAX_PREC", kMaxPrecision}, {"MAX_EMAX", kMaxEmax}, {"MIN_EMIN", kMinEmin}, {"MIN_ETINY", kMinEtiny}, {}};

const NativeDef kFunctions[] = {
    {"getcontext", "($module, /)", getcontext, "The context of the running thread or task."},
    {"setcontext", "($module, context, /)", setcontext, "Makes a context the running thread's or task's."},
    {"localcontext", "($module, /, ctx=None, **kwargs)", localcontext,
     "A context manager that makes a copy of a context the current one, with the settings given by name."},
    {},
};

bool execute(Module* module) {
  if (!make_signals(module) || !make_tuple_class(module) || !make_context_variable() ||
      !module_add_type(module, &decimal_type, &decimal_spec) || !module_add_type(module, &context_type, &context_spec) ||
      (context_manager_type.spec == nullptr && !init_module_type(&context_manager_type, &context_manager_spec)) ||
      !make_standard_contexts(module) || !register_number()) {
    return false;
  }
  for (const char* name : kRoundingNames) {
    if (!module_add(module, name, Ref<>::retain(Value::object(intern(name))))) return false;
  }
  return module_add_ints(module, kConstants) && module_add(module, "HAVE_THREADS", bool_ref(true)) &&
         module_add(module, "HAVE_CONTEXTVAR", bool_ref(true)) && module_add_text(module, "__version__", "1.70") &&
         module_add_text(module, "__libmpdec_version__", "2.5.1");
}

}  // namespace

Value decimal_tuple_class() { return g_tuple_class; }

extern "C" {
extern const NativeModule ptpython_module__decimal;
const NativeModule ptpython_module__decimal = {"_decimal", "Decimal arithmetic", kFunctions, execute};
}

}  // namespace pt::decimal
