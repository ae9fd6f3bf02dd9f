#pragma once
// Records what the interpreter does, from a loop's back-edge or a trace's exit on, until it meets compiled code.
// docs/jit.md describes the model of the registers.
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "vm/interp/dispatch.h"
#include "vm/jit/emit.h"
#include "vm/jit/jit.h"
#include "vm/types/dict.h"

namespace pt {
struct AttributeNode;
struct Generator;
struct MethodDescriptor;
struct RangeIterator;
struct Tuple;
}  // namespace pt

namespace pt::jit {

enum class Step { kGoOn, kClosed, kAborted };
inline constexpr uint32_t kLoopTraces = 8;   // of a loop at most, each beginning with other types

// The compiled trace of a loop of `code`, for the present number of threads; nullptr: none.
CompiledTrace* find_trace(const Code* code, uint32_t loop);

// What the trace pushes is found by later recordings of its root. Before the trace can run.
void share_calls(const CompiledTrace& trace);

// A number, str, bytes, bool or None of builtin type: operations on such run no Python code.
bool is_scalar(Value v);
// A dict, list, tuple or set: their length is their own.
bool is_container(Value v);
// The descriptor of BaseException.args.
bool is_arguments_of_exception(Value descriptor);

class Recorder {
 public:
  // A loop: from its back-edge. A function that calls itself: from its RESUME.
  Recorder(Thread* thread, Value* frame, const uint64_t* head);
  // A side trace: from the exit, which has just been left. `frame` is the trace's.
  Recorder(Thread* thread, Value* frame, Exit* exit);
  // Instead of recording: goes on as another exit does. False: it cannot.
  bool continue_as(const Exit& same);
  // For an exit with an exception pending: whether the recording can go on where that is caught.
  bool catch_pending();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  ~Recorder();
  // Before the instruction runs.
  Step step(Value* frame, const uint64_t* pc, Value* constants, uint64_t word);
  Abort reason() const { return reason_; }
  const uint64_t* head() const { return head_; }   // the back-edge or RESUME; nullptr: a side trace
  Exit* exit() const { return exit_; }
  // A loop's recording for an exit that wants one, or nullptr.
  Exit* wanted_by() const { return wanted_by_; }
  void set_wanted_by(Exit* exit) { wanted_by_ = exit; }
  const Code* origin() const { return origin_; }   // the code in which the recording began
  Dict* globals() const { return origin_globals_; }
  Opcode last_opcode() const { return opcode_; }
  bool left_to_interpreter() const { return interpreted_ != nullptr; }   // the last instruction
  Ir& ir() { return ir_; }
  // What the trace has and memory has not.
  Snapshot end() const;
  // Behind the recording: what virtual objects cannot be left to the next round are made; all of them.
  void settle();
  void make_all();
  // The compiled code refers to these objects for ever: their counts are its own now.
  void keep_for_ever() { kept_.clear(); }

 private:
  static constexpr int64_t kManyRounds = 16;
  static constexpr size_t kMaxDepth = 24;   // of calls
  // A register of the interpreter, as the trace knows it. A lazy one has its value in the trace only; what memory holds
  // then is no pointer. Otherwise memory is up to date; the trace owns no references but through it.
  struct Slot {
    Reference value = kNoReference;  // kNoReference: not read yet
    Reference raw = kNoReference;    // the word in memory, with its tag
    bool lazy = false;
    bool pointer = true;             // memory may hold a pointer
    bool owned = false;              // the word in memory may move to another frame as it is
    bool filled = true;              // memory may hold something
    bool borrowed = false;           // the pointer in memory has no count
    bool number = false;             // not read yet: a small int
  };
  struct Call {
    const Code* code;
    Function* function;
    Dict* globals;
    int32_t window;
    int32_t result;
    const uint64_t* caller_pc;
    uint32_t flags;
    bool real;    // its record is pushed
    int32_t generator = -1;   // which of the generators that run inside each other; -1: a call
    Reference object = kNoReference, registers = kNoReference;   // the generator, and where its registers are until it is real
    const uint64_t* resumed = nullptr;   // where it had stopped
    bool plain() const { return (flags & ~(kRecordInit | kRecordOperator)) == 0; }   // its return is recorded
    InlinedFrame inlined() const { return {code, function, globals, window, result, flags, generator, caller_pc}; }
  };
  struct Next {       // what an iterator gave, until the interpreter has shown whether it is an item
    Reference item = kNoReference;
    int32_t snapshot = -1;   // before the instruction
    int target = 0, iterator = 0;
    const uint64_t* pc = nullptr;
  };
  struct Found {      // what `in` gave, until the interpreter has shown which way it went
    Reference result = kNoReference;
    uint64_t word = 0;
    const uint64_t* ahead = nullptr;    // of the instruction, and where it jumps
    const uint64_t* target = nullptr;
    bool leads_to(const uint64_t* pc) const { return result == kNoReference || pc == ahead || pc == target; }
  };
  struct Position {   // of an iterator
    int32_t tag;
    Reference iterator;
    int64_t offset;
    Reference value;
    bool lazy;
  };

  void keep(Value v) {
    retain(v);
    kept_.push_back(v);
  }
  // What an instruction changes here, to take it back when it has raised an exception.
  struct Checkpoint {
    const uint64_t* pc;
    Value* frame;
    Value* constants;
    Builder::Mark mark;
    size_t snapshots;
    CallRecord* record;
    std::vector<Slot> slots;
    std::vector<Position> positions;
    std::vector<Call> calls;
    std::vector<Caught> caught;
    std::vector<LeftFrame> left;
    std::vector<int32_t> handled;
    bool nothing_handled;
  };
  bool record(uint64_t word);
  bool abort(Abort reason) {
    reason_ = reason;
    return false;
  }
  // The interpreter is to run the instruction. Only before anything with an effect was emitted for it.
  bool fall_back() { return false; }
  Step back_edge_step(uint64_t word);
  bool links_to_entry();
  bool contradicts(const CompiledTrace& loop);
  Step go_to_loop(CompiledTrace* first);
  enum class Entered { kYes, kNo, kContradicted };   // kNo: not with its values in registers
  Entered enter_loop(CompiledTrace* loop);
  bool repeat_round(const LoopEntry& entry, const CompiledTrace& loop);
  bool leave_here(int64_t how);
  bool interpret(uint64_t word, CallRecord* record);
  void note_interpreted(Value* frame, const uint64_t* pc);
  int32_t snapshot();
  Reference emit(Op op, Reference a = kNoReference, Reference b = kNoReference, int64_t imm = 0, int32_t tag = 0);
  // Registers.
  Slot& state(int32_t at);
  Reference slot(int32_t at);
  int32_t at(int operand) const { return window_ + (operand >> 1); }
  Reference read(int operand);
  Value seen(int operand) const { return pt::read(frame_, constants_, operand); }
  std::vector<SlotValue> lazy_slots() const;
  bool is_pointer(Reference r) const;     // may be a pointer that needs a count or a keeper
  bool is_dead(int32_t at);
  void set_lazy(int32_t at, Reference r);
  void set_owned(int32_t at, Reference r, Reference value = kNoReference);
  void set_copy(int32_t at, Reference r);       // counted copy, or lazy where no count is needed
  void clear(int32_t at, int32_t iterator = 0);                       // memory holds no pointer afterwards
  void drop(int operand, int result_operand = -2);  // consumes a killed operand; not when the result goes there
  void move(int32_t to, int32_t from);
  void write(int operand, Reference r) { set_lazy(at(operand), r); }
  void refine(Reference from, Reference to);
  void flush(const std::function<bool(int32_t, Reference)>& stays);
  void sync();
  void note_entry();
  void push_calls();
  void push_call(const Call& call, const Call& caller);
  const PushedCall* find_pushed(const PushedCall& call, const Continuation& continuation) const;
  Continuation continuation_of(const Call& call, const Call& caller) const;
  std::vector<KnownSlot> known_slots(int32_t begin, int32_t end, int32_t window) const;
  void note_known(const std::vector<KnownSlot>& known);
  void continue_behind(const Exit& exit, const std::vector<Reference>& values);
  bool returns_to_trace(int operand) const;
  bool return_to_trace(int operand);
  // Virtual objects.
  bool is_local(int32_t at) const;
  bool owns(int32_t at) const;
  int32_t owner_of(Reference value, int32_t except) const;
  void leave_owner(int32_t at);
  bool relies_on(Reference object, int32_t first) const;
  bool can_hold(Reference value) const;
  Reference field_value(int operand);
  bool put(Reference object, int64_t offset, int operand);
  Reference virtual_instance(const pt::Type* type);
  Reference virtual_tuple(int32_t first, uint32_t count);
  Reference virtual_native_method(const MethodDescriptor* method, Reference self);
  Reference virtual_method(Value function, Reference self);
  Reference make(Reference object);
  void make_whole(Reference object);
  bool make_cell(uint64_t word);
  bool make_function(uint64_t word);
  bool build_virtual_tuple(uint64_t word);
  Call call_of(const CallRecord* record, const uint64_t* caller_pc = nullptr) const;   // a pushed record
  const Call& here() const { return calls_.empty() ? base_ : calls_.back(); }
  // Values.
  Reference as_int(Reference r);
  Reference as_float(Reference r, Value seen_value);
  Reference exact_float(Reference r, Value seen_value);
  Reference as_object(Reference r, uint32_t shape, Access access = Access::kLooks);
  void watch_constant(Reference o, Object* object, Access access);
  Reference object_constant(Value v);
  Reference constant_of(Value v);
  Reference known(int operand);
  bool arithmetic(uint64_t word, Op int_op, Op float_op);
  bool negate(uint64_t word);
  bool compare(CompareOp op, int a, int b, bool* outcome);
  bool compare_value(uint64_t word, CompareOp op);
  bool compare_jump(uint64_t word, CompareOp op);
  bool truth(int operand, bool* outcome);
  bool truth_of_container(int operand, bool* outcome);
  Reference length_of(Reference r, Value v);
  bool is_builtin(Value v) const;
  bool is_plain(Value v) const;
  Reference plain(int operand);
  bool is_plain_key(Value v) const;
  Reference plain_key(int operand);
  bool binary_any(uint64_t word);
  bool compare_any(CompareOp op, int a, int b, bool* outcome);
  bool among(int item, int container, bool* outcome);
  bool contains(uint64_t word, int item, int container);
  void finish_contains();
  bool is_byte(Value container, Value key) const;
  bool is_dict_of_class(int operand, Str* method);
  bool get_item_any(uint64_t word);
  bool set_item_any(uint64_t word);
  bool delete_item_any(uint64_t word);
  bool identity(int a, int b, bool* outcome);
  // Heap.
  bool for_iter(uint64_t word);
  // The next item of an iterator: a number the trace has computed, or what lies at an address.
  struct Element {
    bool more = false;
    Reference value = kNoReference, base = kNoReference;
    int64_t offset = 0;
    Value item;
    Reference next = kNoReference;   // the position behind it
  };
  bool element(Object* it, Reference o, Reference index, Element* out);
  static Value whole_of(const Object* it);
  bool part_element(const Object* it, Reference o, Reference index, Element* out);
  bool new_range(int base, uint32_t count, int result, bool shift);
  bool range_element(RangeIterator* it, Reference o, Reference index, Element* out);
  static int64_t position_offset(const Object* it);
  bool for_element(uint64_t word);
  bool for_pair(uint64_t word);
  bool for_entry(uint64_t word);
  bool for_set(uint64_t word);
  bool load_uncounted(Reference base, int64_t offset, Value item, Reference* value, Op load = Op::kLoadField);
  void put_parts(const uint64_t* unpack, const Reference* values, const bool* owned, int count);
  bool end_iteration(uint64_t word);
  void find_iterator(Position& p);
  void store_position(Position& p);
  Reference position_of(int32_t at, int32_t kind, Reference iterator, int64_t offset);
  void advance(int32_t at, int32_t kind, Reference iterator, int64_t offset, Reference next);
  bool load_global(uint64_t word, int words);
  bool store_global(uint64_t word);
  bool test_field(Reference base, int64_t offset, Value item, uint64_t word);
  bool load_attribute(uint64_t word);
  bool store_attribute(uint64_t word);
  void tell_apart(Reference object, const Object* seen_object, int64_t offset);
  bool load_method(uint64_t word);
  bool load_method_of_number(uint64_t word);
  bool exclusive(Reference o, const Object* object);
  bool hold(Reference o, const Object* object, uint32_t shape);
  int64_t reference(Dict* dict, Str* name, const DictPlace& place);
  int64_t reference(const GlobalReference& fresh);
  Reference table_entry(Dict* dict, Str* name, const DictPlace& place);
  bool is_fact(Value v, const DictPlace& place);
  Reference fact(Dict* dict, Str* name, Reference address, Value v);
  struct ModuleEntry {
    Dict* dict;
    DictPlace place;
    Value value;   // empty: none
  };
  ModuleEntry module_entry(Value object, Str* name);
  Reference own_function();
  Reference cell_in(int operand);
  bool load_cell(uint64_t word);
  bool store_cell(uint64_t word);
  Reference index_of(int key, Reference count);
  Reference list_data(Reference list, Reference index, List* seen_list, bool own);
  bool is_plain_tuple(Value v) const;
  Reference as_plain_tuple(int operand);
  bool list_item(int container, int key, Reference* list, Reference* address, Value* item);
  bool load_item(uint64_t word);
  bool store_item(uint64_t word);
  bool unpack(uint64_t word);
  bool unpack_list(uint64_t word);
  const AttributeNode* node_for(Value object, uint64_t word, bool store, uint32_t* shape);
  void guard_node(const AttributeNode* node, uint32_t shape);
  // What the slot `offset` of `base` holds, with a count; `item` is what it was seen to be.
  Reference load_owned(Reference base, int64_t offset, Value item);
  // What the slot `offset` of `base` holds, into register `to`; consumes `killed` (an operand; 0: none).
  bool load_into(Reference base, int64_t offset, Value item, int to, int killed, int killed2 = 0, Op load = Op::kLoadField);
  Reference storable(int operand);   // an immediate in the form of a heap slot; kNoReference: none
  // Exceptions.
  bool may_raise_here() const;
  Checkpoint checkpoint(CallRecord* record) const;
  bool interpret_raising(const uint64_t* pc);
  bool new_exception(int base, uint32_t count, int result, const Tuple* names);
  Reference virtual_exception(int class_operand, uint32_t version, Reference args);
  bool init_exception(int base, uint32_t count, int result);
  bool is_fresh_exception(Reference r) const;
  bool raise_statement(uint64_t word);
  struct Handler {   // where an exception of this instruction is caught: in the depth-th frame
    size_t depth;
    const CodeException* entry;
  };
  bool can_raise(Handler* out);
  void raise_fresh(Reference exception, const Handler& to, int operand, bool held = true);
  Reference builtin_exception(const pt::Type* type, std::initializer_list<Reference> arguments);
  bool raise_like(const Ref<>& seen, const Handler& to);
  bool raise_key_error(int container, int key);
  bool raise_index_error(int sequence, int key, bool stores);
  bool raise_operator_error(uint64_t word);
  bool lacks(Reference object, Value v, Str* name);
  bool raise_attribute_error(Reference object, Value v, Str* name);
  void finish_builtin(int base, int32_t end, int result);
  void finish_builtin(int base, int32_t end, int result, Reference value);
  bool attribute_by_name(int base, const char* function, uint32_t count, int result, bool shift);
  bool has_plain_text(int32_t where);
  bool text_of_exception(int base, int result);
  bool is_quiet_call(Value callable, int32_t first, uint32_t count) const;
  bool enter_handler(uint64_t word);
  bool leave_handler(uint64_t word);
  bool match_exception(uint64_t word);
  bool guard_exception_type(Reference r, Value exception);
  bool nothing_handled();
  bool can_unwind(size_t* depth, const CodeException** handler) const;
  void leave_owners(size_t depth, const CodeException* handler);
  Reference take_word(Reference exception, int operand);
  void unwind(size_t caught, Reference raw, const uint64_t* frame_pc, size_t depth, const CodeException* handler);
  void leave_frame(const uint64_t* pc);
  void mark_caught(size_t i, std::vector<bool>* lives) const;
  bool reraise(Reference exception, int operand, bool at_raise);
  bool reraise_statement(uint64_t word);
  int32_t find_caught(Reference exception) const;
  Reference loose_word(Reference exception);
  bool handling() const { return !handled_.empty(); }   // and only the trace knows
  bool shows_exception(uint64_t word);
  bool may_look(uint64_t word) const;
  void forget_caught();
  void show_exceptions();
  // Calls.
  // Which argument or default each parameter of a function gets.
  struct Binding {
    bool plain = true;          // as they are
    uint32_t count = 0;         // parameters, without *args
    int32_t rest = -1;          // arguments for *args; -1: there is no such parameter
    bool keywords = false;      // **kw
    uint32_t extra = 0;         // arguments that it collects
    int extra_source[16];
    Ref<> extra_names;          // tuple
    uint32_t total() const { return count + (rest >= 0) + keywords; }
    int source[16];             // -1: the default
    Ref<> value[16];            // its value, which others may replace meanwhile
    Ref<> defaults, keyword_defaults;
    uint32_t version = 0;       // of the function, when it had them
    bool readable = true;       // the defaults: out of a function of which only the code is known
    Reference loaded[16];       // then
  };
  bool bind(Function* function, uint32_t count, const Tuple* names, Binding* out);
  bool guard_defaults(const Binding& binding, Function* function);
  void load_defaults(Binding* binding, const Function* function, Reference object);
  void apply(const Binding& binding, Function* function, int32_t window, bool known_by_code = false);
  bool is_kept_below(Reference v, int32_t window) const;
  bool can_collect(const Binding& binding, int32_t window);
  const Tuple* virtual_keys(Reference r) const;
  void rest_arguments(int32_t first, int32_t count, int32_t to);
  bool call_spread(uint64_t word);
  const Tuple* keyword_names() const;
  bool call(int base, uint32_t count, int result, bool shift, const Tuple* names = nullptr);
  bool call_method(uint64_t word, const Tuple* names = nullptr);
  bool return_value(uint64_t word);
  Reference result_word(int operand, Reference r, bool* moves);
  void leave_registers(const Call& from, int operand, bool moves);
  bool enter(Function* function, int32_t window, uint32_t count, int result, uint32_t flags, const Code* code = nullptr,
             Dict* globals = nullptr);   // nullptr: the function is known by its code only
  void place_for_init(int32_t where, uint32_t count, Value init, Reference instance, Reference raw = kNoReference);
  bool instantiate(int base, uint32_t count, int result, const Tuple* names, bool shift);
  bool call_property(uint64_t word, Value getter);
  bool call_operator(uint64_t word);
  bool call_comparison(CompareOp op, int left, int right, int result);
  struct TypeVersions {   // of the operands' types, before the method was looked up
    uint32_t left, right;
  };
  static TypeVersions versions_of(Value left, Value right);
  bool call_binary(Function* function, const TypeVersions& versions, int left, int right, int result);
  bool call_super(int base, int result);
  bool load_super_method(uint64_t word);
  bool load_super_class_method(uint64_t word);
  bool load_super_attribute(uint64_t word);
  bool call_native(int base, Value callable, uint32_t count, int result, bool shift);
  bool extreme(int base, const char* name, uint32_t count, int result, bool shift);
  bool bare_instance(int base, int result, int32_t first);
  bool tuple_instance(int base, int result, bool shift);
  bool instance_check(int base, int result, int32_t first);
  bool call_any(int base, uint32_t count, int result, bool shift);
  // Special methods.
  void guard_class(Reference r, Value v, uint32_t version);
  struct Argument {   // an operand, or a constant
    Argument(int o) : operand(o) {}
    Argument(Value v) : constant(v) {}
    int operand = 0;
    Value constant;
  };
  bool can_enter(const Function* function, std::initializer_list<Argument> arguments);
  bool enter_method(Function* function, std::initializer_list<Argument> arguments, int which);
  bool enter_own_method(Function* function, uint32_t version, std::initializer_list<Argument> arguments, int which);
  bool call_special(Str* name, std::initializer_list<Argument> arguments);
  bool call_descriptor(const AttributeNode* node, uint32_t shape, int object, Str* name,
                       std::initializer_list<Argument> arguments);
  bool before_native_with(uint64_t word);
  bool before_with(uint64_t word);
  bool call_setter(const AttributeNode* node, uint32_t shape, uint64_t word);
  bool call_getattr(uint64_t word);
  bool call_truth(int operand);
  bool is_always_true(int operand);
  bool asks_for_truth(int operand) const;
  bool call_iter(uint64_t word);
  void cells_of(Reference object, Function* function, Reference* cells);
  Function* stand_in(Reference object, Function* function);
  bool call_drain(int base, uint32_t count, int result, Function* loop);
  void guard_method_caller(int base);
  bool call_special_builtin(int base, uint32_t count, bool shift, bool* handled);
  // What a bound method, or an object with a __call__ in Python, calls; or a function.
  struct Target {
    Function* function = nullptr;
    bool bound = false, object = false;
    uint32_t version = 0;   // of the object's class
  };
  bool find_target(Value callable, Target* out) const;
  Reference guard_target(const Target& target, int base);
  bool call_object(int base, uint32_t count, int result, bool shift, const Tuple* names);
  bool construct(int base, uint32_t count, const Tuple* names, bool shift);
  bool set_in_object(int base, uint32_t count, int result, bool shift);
  // What an instruction makes of what its method returned.
  struct MethodResult {
    enum class Kind { kValue, kNothing, kOutcome } kind = Kind::kValue;
    bool outcome = false;          // kOutcome: of the value's truth
    int32_t base = kNoOwner;       // of a class that was called, and
    Function* init = nullptr;      // its __init__, which comes next
    Binding binding{};
  };
  bool check_result(int operand, const Call& from, MethodResult* out);
  bool check_constructed(int operand, const Call& from, MethodResult* out);
  bool finish_method(MethodResult& m, const uint64_t* caller_pc, Reference value, bool owned, Reference raw);
  bool stops_iteration(uint64_t word);
  bool initialise(MethodResult& m, Reference instance, bool owned, Reference raw, uint64_t word);
  void note_method_operands(const CallRecord* caller, Interpreted* made) const;
  Reference receiver_of(int base, const NativeDef* def);
  void guard_length(Reference tuple, int64_t length);
  Reference tuple_item(Reference tuple, int64_t i);  // of one that has it
  Reference native_call(const NativeCall& call, const Reference* arguments, Op op = Op::kCallNative);
  bool spread_native(uint64_t word);
  void finish_call(Op op, const NativeCall& call, const Reference* arguments, int base, int32_t end, int result);
  void store_arguments(std::span<const Reference> values);
  Reference call_runtime(NativeFunction function, std::initializer_list<Reference> arguments);
  bool load_builtin_attribute(uint64_t word);
  bool truth_of_builtin(int operand, bool* outcome);
  bool list_extend(uint64_t word);
  bool list_to_tuple(uint64_t word);
  void finish_window(Reference value, int base, int32_t end, int result);
  bool get_iterator(uint64_t word);
  bool for_next(uint64_t word);
  // Generators.
  const Call* in_heap(int64_t at) const;
  bool for_generator(uint64_t word);
  bool call_generator(int base, uint32_t count, int result);
  bool resume_generator(Generator* g, Reference generator, int result, Reference sent);
  void consume_call(uint64_t word, int32_t result);
  bool stop_generator(uint64_t word);
  bool make_generator(int base, uint32_t count, int result, bool shift);
  bool yield_value(uint64_t word);
  bool finish_generator(uint64_t word);
  void leave_generator();
  void finish_next();
  bool length(int base, int result, int32_t argument);
  bool identity(int base, int result, int32_t argument);
  bool class_of(int base, int result);
  void guard_code(Reference object, Function* function);
  // The class gives what it gave when its version, not 0, was `version`: read before what was looked up in it.
  void guard_version(const pt::Type* type, uint32_t version);
  bool build(uint64_t word, Op op);
  bool build_slice(uint64_t word);
  bool may_hash(int32_t where) const;
  bool build_set(uint64_t word);
  const Tuple* display_keys(int32_t first, int count);
  Reference dict_with(const Tuple* keys, std::span<const Reference> values);
  bool build_virtual_map(uint64_t word, const Tuple* keys);
  bool build_map(uint64_t word);
  bool set_add(uint64_t word);
  bool map_add(uint64_t word);
  bool format_value(uint64_t word, int spec, char conversion);
  bool build_string(uint64_t word);
  bool use_slice(uint64_t word, const uint64_t* use);
  void append(Reference list, const Object* object, Reference item);
  bool list_append(int list, int item);
  bool list_pop(int base, int32_t argument, int result);
  bool power(uint64_t word);
  Reference int_power(Reference x, int64_t exponent);
  Reference boxed(int32_t at);
  void consume_window(int32_t from, uint32_t count, int32_t except);
  void go(int64_t words) { expected_ = pc_ + words; }

  Ir ir_;
  Builder builder_{ir_};
  Thread* thread_;
  const uint64_t* head_ = nullptr;
  bool has_many_rounds_ = false;  // an iterator that it draws from gives many items
  const uint64_t* back_edge_ = nullptr;   // nullptr: no loop
  const uint64_t* loop_begin_ = nullptr;  // the loop's instructions
  const uint64_t* loop_end_ = nullptr;
  Exit *exit_ = nullptr, *wanted_by_ = nullptr;
  CallRecord* base_record_;
  Value* base_frame_;
  Call base_{};
  const Code* origin_;
  Dict* origin_globals_;
  Value* frame_ = nullptr;
  const uint64_t* pc_ = nullptr;
  Value* constants_ = nullptr;
  const uint64_t* expected_ = nullptr;   // nullptr: wherever the interpreted instruction went
  const uint64_t* generic_pc_ = nullptr;  // an instruction not to be specialised again
  int32_t window_ = 0;
  std::vector<Slot> slots_;       // by register, from -kSlotBias on
  size_t lowest_ = SIZE_MAX;      // of them that the trace knows of
  std::vector<Position> positions_;
  std::vector<Reference> held_;   // by their word of State::held
  std::vector<Call> calls_;
  std::vector<Value> kept_;   // counted
  std::vector<Reference> after_;   // operations that want the snapshot behind the instruction
  Reference fresh_ = kNoReference;  // a virtual object on its way into a register
  Reference loose_ = kNoReference;  // and, if it was made meanwhile, what no register owns yet
  Reference empty_;
  Next next_;
  Found found_;
  int32_t snapshot_ = -1;   // of this instruction
  Interpreted* interpreted_ = nullptr;   // the instruction before
  CallRecord* interpreted_record_ = nullptr;
  int count_ = 0, interpreted_count_ = 0, back_edges_ = 0;
  std::vector<Caught> caught_;
  std::vector<LeftFrame> left_;    // by them
  std::vector<int32_t> handled_;   // registers with exceptions that Thread::handled does not know of, the innermost last
  bool nothing_handled_ = false;   // Thread::handled is known to be empty
  std::unique_ptr<Checkpoint> checkpoint_;
  const uint64_t* taken_along_ = nullptr;   // the next instruction, where it was recorded with the one before it
  bool barrier_ = false, makes_generator_ = false, enters_generator_ = false;
  bool escapes_ = true;   // what is made
  Opcode opcode_ = Opcode::kNOP;
  Abort reason_ = Abort::kCount;
};

// A call of that native function with so many arguments.
NativeCall native_call_of(NativeFunction function, uint32_t count, bool quiet = false);

}  // namespace pt::jit
