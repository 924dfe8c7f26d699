"""What is remembered of deliveries, so that nothing is lost and hardly anything is posted twice.

All of it lies in one table as items that are only ever swapped: a write names the revision that it replaces, and where
another one stands there by now, nothing is written. That revision is the fence: who was frozen or overtaken in the
middle of a post cannot overwrite what came after.

    Item <- records.py     one delivery: event x notification x channel
         <- throttle.py    when a channel may be posted to again
         <- threads.py     the first message of a thread
"""
